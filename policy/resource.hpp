#pragma once
#include <cstddef>
#include <string_view>

namespace durward::policy {

/// A longer URI stands in no list (bytes).
inline constexpr std::size_t kLongestUri = 8192;

/// Whether a resource URI can be compared as it is written, because no server could reasonably read it as another one: no
/// control character, white space or backslash, no `.` or `..` segment, no encoded dot, slash, backslash or control
/// character (however often encoded), no broken `%`, not empty, not too long.
bool comparable_uri(std::string_view uri) noexcept;

/// Bytes that a pattern may have from its first star to its last, both included.
inline constexpr std::size_t kLongestStarredPart = 63;

bool uri_pattern_fits(std::string_view pattern) noexcept;

/// `*` matches any run within a segment, `**` any run across `/`, a pattern that is only `*` everything. Takes time in the
/// order of the URI's length. A pattern that does not fit matches nothing.
bool uri_glob(std::string_view pattern, std::string_view uri);

}  // namespace durward::policy
