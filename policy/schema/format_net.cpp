#include <algorithm>

#include "policy/schema/format_rules.hpp"

namespace durward::schema::format {
namespace {

/// RFC 5322's atext, of which RFC 5321's atoms are made.
bool is_atom(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
  });
}

bool is_dot_string(std::string_view text) {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_atom(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

/// text begins with a quote; its length with both quotes, or 0.
std::size_t quoted_string(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\' && ++i == text.size()) return 0;
    if (text[i] < 0x20 || text[i] > 0x7E) return 0;
  }
  return 0;
}

bool address_literal(std::string_view text) {
  constexpr std::string_view kTag = "ipv6:";
  const bool six = text.size() > kTag.size() && std::equal(kTag.begin(), kTag.end(), text.begin(), [](char lower, char c) {
                     return lower == (is_letter(c) ? static_cast<char>(c | 0x20) : c);
                   });
  return six ? ipv6(text.substr(kTag.size())) : ipv4(text);
}

}  // namespace

bool hostname(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  while (true) {
    const std::string_view label = text.substr(0, text.find('.'));
    const bool good = !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
                      std::all_of(label.begin(), label.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
    if (!good) return false;
    if (label.size() == text.size()) return true;
    text.remove_prefix(label.size() + 1);
  }
}

bool ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (text.empty() || text.front() != '.') return false;
      text.remove_prefix(1);
    }
    const auto count = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
    if (count == 0 || count > 3 || (count > 1 && text.front() == '0')) return false;
    if (count == 3 && text.substr(0, 3) > "255") return false;
    text.remove_prefix(count);
  }
  return text.empty();
}

bool ipv6(std::string_view text) {
  int groups = 0;
  bool shortened = false;
  if (text.starts_with("::")) {
    shortened = true;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    const std::string_view group = text.substr(0, text.find(':'));
    if (group.size() == text.size() && group.find('.') != std::string_view::npos) {
      groups += 2;
      if (!ipv4(group)) return false;
      text = {};
      break;
    }
    if (group.empty() || group.size() > 4 || !std::all_of(group.begin(), group.end(), is_hex)) return false;
    ++groups;
    text.remove_prefix(group.size());
    if (text.empty()) break;
    text.remove_prefix(1);
    if (text.empty()) return false;  // a single colon at the end
    if (text.front() != ':') continue;
    if (shortened) return false;
    shortened = true;
    text.remove_prefix(1);
  }
  return shortened ? groups < 8 : groups == 8;
}

bool email(std::string_view text) {
  const bool quoted = text.starts_with('"');
  const std::size_t local = quoted ? quoted_string(text) : std::min(text.find('@'), text.size());
  if (local == 0 || local > 64 || local + 1 >= text.size() || text[local] != '@') return false;
  if (!quoted && !is_dot_string(text.substr(0, local))) return false;
  const std::string_view domain = text.substr(local + 1);
  if (domain.starts_with('[')) return domain.ends_with(']') && address_literal(domain.substr(1, domain.size() - 2));
  return hostname(domain);
}

}  // namespace durward::schema::format
