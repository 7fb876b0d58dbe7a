#include "config/utf8.hpp"

namespace durward::config {

std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(at + i) >= low && byte(at + i) <= high;
  };
  if (at >= text.size()) return 0;
  const unsigned first = byte(at);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

bool unseen(std::string_view text, std::size_t at, std::size_t length) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (length == 0 || byte < 0x20 || byte == 0x7F) return true;
  if (length == 2) return byte == 0xC2 && static_cast<unsigned char>(text[at + 1]) < 0xA0;
  if (length != 3) return false;
  const std::string_view three = text.substr(at, 3);
  return (three >= "\u200B" && three <= "\u200F") || (three >= "\u2028" && three <= "\u202E") ||
         (three >= "\u2060" && three <= "\u2069") || three == "\uFEFF";
}

}  // namespace durward::config
