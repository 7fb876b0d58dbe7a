#include "policy/resource.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

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

/// The part of a pattern from its first star to its last, as an automaton: bit i says that the bytes read so far bring the
/// pattern to its place i. All places are tried at once, so no input makes it slow.
class Starred {
 public:
  explicit Starred(std::string_view part) : end_(std::uint64_t{1} << part.size()) {
    for (std::size_t i = 0; i < part.size(); ++i) {
      const std::uint64_t place = std::uint64_t{1} << i;
      if (part[i] != '*') {
        literal_[static_cast<unsigned char>(part[i])] |= place;
        continue;
      }
      stars_ |= place;
      const bool two = (i > 0 && part[i - 1] == '*') || (i + 1 < part.size() && part[i + 1] == '*');
      if (two) crossing_ |= place;
    }
  }

  bool matches(std::string_view text) const {
    std::uint64_t places = past_stars(1);
    for (const char c : text) {
      const std::uint64_t stay = places & (c == '/' ? crossing_ : stars_);
      places = past_stars((places & literal_[static_cast<unsigned char>(c)]) << 1 | stay);
    }
    return (places & end_) != 0;
  }

 private:
  /// A star may stand for nothing.
  std::uint64_t past_stars(std::uint64_t places) const {
    for (std::uint64_t fresh = places; (fresh & stars_) != 0;) {
      fresh = (fresh & stars_) << 1 & ~places;
      places |= fresh;
    }
    return places;
  }

  std::array<std::uint64_t, 256> literal_{};
  std::uint64_t stars_ = 0;
  std::uint64_t crossing_ = 0;
  std::uint64_t end_;
};

}  // namespace

bool comparable_uri(std::string_view uri) noexcept {
  if (uri.empty() || uri.size() > kLongestUri) return false;
  const bool odd = std::any_of(uri.begin(), uri.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F || byte == '\\';
  });
  return !odd && plain_escapes(uri) && !has_dot_segment(uri);
}

bool uri_pattern_fits(std::string_view pattern) noexcept {
  const std::size_t first = pattern.find('*');
  return first == std::string_view::npos || pattern.rfind('*') - first < kLongestStarredPart;
}

bool uri_glob(std::string_view pattern, std::string_view uri) {
  if (pattern == "*" || pattern == "**") return true;
  const std::size_t first = pattern.find('*');
  if (first == std::string_view::npos) return pattern == uri;
  const std::string_view head = pattern.substr(0, first);
  const std::string_view tail = pattern.substr(pattern.rfind('*') + 1);
  if (uri.size() < head.size() + tail.size() || !uri.starts_with(head) || !uri.ends_with(tail)) return false;
  const std::string_view rest = uri.substr(head.size(), uri.size() - head.size() - tail.size());
  return uri_pattern_fits(pattern) && Starred(pattern.substr(first, pattern.size() - head.size() - tail.size())).matches(rest);
}

}  // namespace durward::policy
