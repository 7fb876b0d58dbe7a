#include "policy/resource.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace durward::policy {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a' + 10);
  return std::nullopt;
}

/// What the escape behind a `%` stands for in the end, where "%2525…2e" is decoded until it is stable; absent if it is broken.
std::optional<unsigned> decoded(std::string_view after) {
  while (after.starts_with("25") && after.size() > 2 && hex_digit(after[2])) after.remove_prefix(2);
  if (after.size() < 2) return std::nullopt;
  const auto high = hex_digit(after[0]);
  const auto low = hex_digit(after[1]);
  if (!high || !low) return std::nullopt;
  return *high << 4 | *low;
}

bool plain_escapes(std::string_view uri) {
  for (std::size_t at = uri.find('%'); at != std::string_view::npos; at = uri.find('%', at + 1)) {
    const auto byte = decoded(uri.substr(at + 1));
    if (!byte || *byte <= 0x20 || *byte == 0x7F || *byte == '.' || *byte == '/' || *byte == '\\') return false;
  }
  return true;
}

/// A segment ends wherever some reader of the URI might end it, so that `/..?x` and `scheme:../x` count too.
bool has_dot_segment(std::string_view uri) {
  while (true) {
    const std::size_t end = uri.find_first_of("/:?#");
    const std::string_view segment = uri.substr(0, end);
    if (segment == "." || segment == "..") return true;
    if (end == std::string_view::npos) return false;
    uri.remove_prefix(end + 1);
  }
}

}  // namespace

bool comparable_uri(std::string_view uri) noexcept {
  if (uri.empty() || uri.size() > kLongestUri) return false;
  const bool odd = std::any_of(uri.begin(), uri.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F || byte == '\\';
  });
  return !odd && plain_escapes(uri) && !has_dot_segment(uri);
}

bool uri_glob(std::string_view pattern, std::string_view uri) {
  if (pattern == "*" || pattern == "**") return true;
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == uri;
  if (!uri.starts_with(pattern.substr(0, star))) return false;
  if (pattern.substr(star) == "**") return true;
  // All places of the pattern at which it can stand after the bytes read so far; the last one is its end.
  std::vector<char> at(pattern.size() + 1, 0), next(pattern.size() + 1, 0);
  const auto pass_stars = [&pattern](std::vector<char>& places) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (places[i] != 0 && pattern[i] == '*') places[i + 1] = 1;
    }
  };
  const auto crosses = [&pattern](std::size_t i) {
    return (i > 0 && pattern[i - 1] == '*') || (i + 1 < pattern.size() && pattern[i + 1] == '*');
  };
  at[0] = 1;
  pass_stars(at);
  for (const char c : uri) {
    std::fill(next.begin(), next.end(), 0);
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (at[i] == 0) continue;
      if (pattern[i] == '*') {
        if (c != '/' || crosses(i)) next[i] = 1;
      } else if (pattern[i] == c) {
        next[i + 1] = 1;
      }
    }
    pass_stars(next);
    at.swap(next);
  }
  return at.back() != 0;
}

}  // namespace durward::policy
