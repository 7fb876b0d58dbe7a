#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "gateway/head.hpp"

/// Which bytes may make a head, read more strictly than HTTP libraries do: one reading, or none. What the head then means is
/// checked in gateway/head.
namespace durward::gateway {

enum class Byte : std::uint8_t {
  token = 1,   // of names and methods
  target = 2,  // visible ASCII
  value = 4,   // that, SP, HTAB and everything beyond ASCII
};

namespace detail {
inline constexpr auto kBytes = [] {
  std::array<std::uint8_t, 256> bytes{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos) bytes[c] |= 1;
    if (c > 0x20 && c < 0x7F) bytes[c] |= 2;
    if (c == '\t' || (c >= 0x20 && c != 0x7F)) bytes[c] |= 4;
  }
  return bytes;
}();
}  // namespace detail

inline bool is_byte(char c, Byte kind) {
  return (detail::kBytes[static_cast<unsigned char>(c)] & static_cast<std::uint8_t>(kind)) != 0;
}

/// Finds where a head ends, looking at each byte once however it arrives.
class HeadEnd {
 public:
  enum class Found : std::uint8_t { more, whole, malformed, too_large };
  /// `unread` begins with the head and, from call to call, only grows. whole: it is the first size() bytes. malformed: CR or
  /// LF anywhere but at the end of a line, or a line that is empty too early. too_large: `most` bytes and no end.
  Found find(std::string_view unread, std::size_t most);
  std::size_t size() const { return line_; }

 private:
  std::size_t seen_ = 0, line_ = 0;  // where to look on, and where the line begins
};

/// One line of fields, without its CRLF. False: it is none.
bool read_field(std::string_view line, Field& field);

/// Reads a whole head, blank line included, into views over `bytes`. Errors: http_malformed; headers_too_large for more
/// than fields_max fields.
policy::Outcome<void> read_request_head(std::string_view bytes, std::size_t fields_max, Head& head);

/// The same for a response. Error: upstream_failed.
policy::Outcome<void> read_response_head(std::string_view bytes, std::size_t fields_max, Head& head, unsigned& status);

}  // namespace durward::gateway
