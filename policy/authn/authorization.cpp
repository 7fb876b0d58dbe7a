#include "policy/authn/authorization.hpp"

#include <algorithm>

namespace durward::authn {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(std::string_view text, std::string_view word) {
  return text.size() == word.size() &&
         std::equal(text.begin(), text.end(), word.begin(), [](char a, char b) { return lower(a) == b; });
}

bool is_token68(std::string_view text) {
  constexpr std::string_view kBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
  const std::size_t end = std::min(text.find_first_not_of(kBytes), text.size());
  return end > 0 && text.substr(end).find_first_not_of('=') == std::string_view::npos;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (lower(c) >= 'a' && lower(c) <= 'f') return lower(c) - 'a' + 10;
  return -1;
}

// Whether the text is the word once its escapes are undone.
bool spells(std::string_view text, std::string_view word) {
  std::size_t at = 0;
  for (const char wanted : word) {
    if (at >= text.size()) return false;
    char c = text[at++];
    if (c == '%' && at + 1 < text.size() && hex(text[at]) >= 0 && hex(text[at + 1]) >= 0) {
      c = static_cast<char>(hex(text[at]) * 16 + hex(text[at + 1]));
      at += 2;
    }
    if (lower(c) != wanted) return false;
  }
  return at == text.size();
}

}  // namespace

Outcome<Authorization> read_authorization(std::string_view value) {
  const std::size_t space = value.find(' ');
  const std::string_view scheme = value.substr(0, space);
  if (scheme.empty()) return Defect::authorization_malformed;
  Authorization out;
  if (same(scheme, "dpop")) {
    out.scheme = Scheme::dpop;
  } else if (!same(scheme, "bearer")) {
    return Defect::scheme_unknown;
  }
  if (space == std::string_view::npos) return Defect::authorization_malformed;
  out.token = value.substr(std::min(value.find_first_not_of(' ', space), value.size()));
  if (!is_token68(out.token)) return Defect::authorization_malformed;
  return out;
}

bool has_token_in_query(std::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return false;
  for (std::string_view rest = target.substr(mark + 1); !rest.empty();) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view parameter = rest.substr(0, end);
    if (spells(parameter.substr(0, parameter.find('=')), "access_token")) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

bool is_api_key(std::string_view token) { return token.starts_with("dw_") && token.find('.') == std::string_view::npos; }

}  // namespace durward::authn
