#include "gateway/claims.hpp"

#include "gateway/head.hpp"

namespace durward::gateway {

namespace {

bool letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// Every run of characters that are not allowed becomes one `with`.
template <class Allowed>
std::string collapse(std::string_view text, char with, Allowed allowed) {
  std::string out;
  for (const char c : text) {
    if (allowed(c)) {
      out += c;
    } else if (out.empty() || out.back() != with) {
      out += with;
    }
  }
  return out;
}

}  // namespace

std::string node_id(std::string_view claimed) {
  std::string lower(trimmed(claimed));
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  std::string out = collapse(lower, '-', [](char c) { return letter_or_digit(c); });
  out = out.substr(0, 80);
  while (!out.empty() && out.back() == '-') out.pop_back();
  return !out.empty() && out.front() == '-' ? out.substr(1) : out;
}

std::string agent_ref(std::string_view claimed) {
  const auto allowed = [](char c) { return letter_or_digit(c) || c == '.' || c == '_' || c == ':' || c == '-'; };
  return collapse(trimmed(claimed), '_', allowed).substr(0, 120);
}

}  // namespace durward::gateway
