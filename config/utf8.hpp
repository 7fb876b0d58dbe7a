#pragma once
#include <cstddef>
#include <string_view>

namespace durward::config {

/// Length in bytes of the well-formed UTF-8 sequence (RFC 3629: no overlong forms, no surrogates) at `at`, or 0 if there is
/// none.
std::size_t utf8_length(std::string_view text, std::size_t at);

/// Whether the character of that length at `at` is a control character, a line or paragraph separator, or one that reorders
/// or hides text. True for what is not UTF-8 (length 0).
bool unseen(std::string_view text, std::size_t at, std::size_t length);

}  // namespace durward::config
