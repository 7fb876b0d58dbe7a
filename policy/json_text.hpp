#pragma once
#include <cstdint>
#include <string>
#include <string_view>

/// Between the text of a JSON string and the text that it stands for. Shared by the parser's values and canonical JSON.
namespace durward::json {

/// What becomes of a `\ud800` escape without its other half.
enum class Lone : std::uint8_t {
  replace,  // U+FFFD, once each
  keep,     // three bytes as UTF-8 would encode the surrogate: not UTF-8, for ordering only
};

/// One escape sequence of a string token whose grammar has been checked.
struct Escape {
  std::uint32_t code;  // code point; a surrogate only if it stands alone
  std::size_t length;  // bytes from the backslash on; both halves of a pair
};

/// text begins with a backslash.
Escape read_escape(std::string_view text);

/// What the inside of a string token (without its quotes) stands for.
std::string unescape(std::string_view inside, Lone lone);

/// One code point as it stands inside a canonical string token; not a surrogate.
void append_character(std::string& out, std::uint32_t code);

void append_utf8(std::string& out, std::uint32_t code);

/// Bytes of the valid UTF-8 sequence at the start of text, or 0 if there is none (RFC 3629: no overlong forms, no surrogates).
std::size_t utf8_sequence(std::string_view text) noexcept;

bool valid_utf8(std::string_view text) noexcept;

}  // namespace durward::json
