#include "policy/json_text.hpp"

#include <simdjson.h>

#include "policy/canonical.hpp"
#include "policy/json.hpp"

namespace durward::json {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kHex = "0123456789abcdef";

std::uint32_t hex_digit(char c) {
  if (c <= '9') return static_cast<std::uint32_t>(c - '0');
  return static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
}

std::uint32_t hex4(std::string_view text) {
  std::uint32_t code = 0;
  for (std::size_t i = 0; i < 4; ++i) code = code << 4 | hex_digit(text[i]);
  return code;
}

bool is_high(std::uint32_t code) { return code >= 0xD800 && code < 0xDC00; }
bool is_low(std::uint32_t code) { return code >= 0xDC00 && code < 0xE000; }

char short_escape(char c) {
  switch (c) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

void append_valid(std::string& out, std::string_view utf8) {
  std::size_t from = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const char c = utf8[i];
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out.append(utf8, from, i - from);
    from = i + 1;
    out += '\\';
    if (const char letter = short_escape(c)) {
      out += letter;
    } else {
      out += "u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  out.append(utf8, from);
}

}  // namespace

Escape read_escape(std::string_view text) {
  switch (text[1]) {
    case 'b':
      return {'\b', 2};
    case 'f':
      return {'\f', 2};
    case 'n':
      return {'\n', 2};
    case 'r':
      return {'\r', 2};
    case 't':
      return {'\t', 2};
    case 'u':
      break;
    default:
      return {static_cast<unsigned char>(text[1]), 2};
  }
  const std::uint32_t first = hex4(text.substr(2));
  if (is_high(first) && text.size() >= 12 && text[6] == '\\' && text[7] == 'u') {
    const std::uint32_t second = hex4(text.substr(8));
    if (is_low(second)) return {0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00), 12};
  }
  return {first, 6};
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  }
}

std::string unescape(std::string_view inside, Lone lone) {
  std::string out;
  out.reserve(inside.size());
  while (true) {
    const std::size_t backslash = inside.find('\\');
    out.append(inside, 0, backslash);
    if (backslash == std::string_view::npos) return out;
    inside.remove_prefix(backslash);
    const Escape escape = read_escape(inside);
    inside.remove_prefix(escape.length);
    const bool alone = is_high(escape.code) || is_low(escape.code);
    append_utf8(out, alone && lone == Lone::replace ? 0xFFFD : escape.code);
  }
}

void append_character(std::string& out, std::uint32_t code) {
  if (code >= 0x80) return append_utf8(out, code);
  const char c = static_cast<char>(code);
  append_valid(out, {&c, 1});
}

std::size_t utf8_sequence(std::string_view text) noexcept {
  if (text.empty()) return 0;
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xC2 && lead < 0xE0   ? 2
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool outside = (lead == 0xED && byte(1) >= 0xA0) || (lead == 0xF4 && byte(1) >= 0x90);
  return overlong || outside ? 0 : length;
}

bool valid_utf8(std::string_view text) noexcept { return simdjson::validate_utf8(text.data(), text.size()); }

void append_string(std::string& out, std::string_view utf8) {
  out += '"';
  if (valid_utf8(utf8)) {
    append_valid(out, utf8);
  } else {
    while (!utf8.empty()) {
      const std::size_t length = utf8_sequence(utf8);
      append_valid(out, length == 0 ? kReplacement : utf8.substr(0, length));
      utf8.remove_prefix(length == 0 ? 1 : length);
    }
  }
  out += '"';
}

std::string quote(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_string(out, text);
  return out;
}

}  // namespace durward::json
