#include "gateway/strict.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace durward::gateway {
namespace {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

bool all(std::string_view text, Byte kind) {
  return std::all_of(text.begin(), text.end(), [kind](char c) { return is_byte(c, kind); });
}

/// The same for Byte::value, of which heads have most, sixteen bytes at a time.
bool all_value(std::string_view text) {
  using Bytes = unsigned char __attribute__((vector_size(16)));
  Bytes bad{};
  while (text.size() >= sizeof bad) {
    Bytes bytes;
    std::memcpy(&bytes, text.data(), sizeof bytes);
    bad |= reinterpret_cast<Bytes>(((bytes < 0x20) & (bytes != '\t')) | (bytes == 0x7F));
    text.remove_prefix(sizeof bytes);
  }
  std::array<std::uint64_t, 2> words;
  std::memcpy(words.data(), &bad, sizeof bad);
  return (words[0] | words[1]) == 0 && all(text, Byte::value);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Without its CRLF. HeadEnd has seen to it that every line has one.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end - 1);
  rest.remove_prefix(end + 1);
  return line;
}

/// 10, 11; 0 where it is a protocol, but not one of these; nothing where it is none.
bool read_version(std::string_view text, unsigned& version) {
  if (text.size() < 5) return false;
  const std::string_view protocol = text.substr(0, text.size() - 4), number = text.substr(text.size() - 4);
  if (number[0] != '/' || !is_digit(number[1]) || number[2] != '.' || !is_digit(number[3])) return false;
  if (!std::all_of(protocol.begin(), protocol.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) return false;
  version = protocol != "HTTP" || number[1] != '1' || number[3] > '1' ? 0 : number[3] == '1' ? 11 : 10;
  return true;
}

Outcome<void> malformed(const char* detail) { return Violation(Reason::http_malformed, detail); }

Outcome<void> read_request_line(std::string_view line, Head& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return malformed("a request line that is not three words");
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  if (!is_token(head.method)) return malformed("a method that is not a token");
  if (head.target.empty() || !all(head.target, Byte::target)) return malformed("a target with bytes that no target has");
  if (!read_version(line.substr(last + 1), head.version)) return malformed("a request line without a version");
  return {};
}

Outcome<void> read_status_line(std::string_view line, Head& head, unsigned& status) {
  constexpr std::string_view shape = "HTTP/1.x nnn ";
  if (line.size() < shape.size() || !line.starts_with("HTTP/1.") || line[8] != ' ' || line[12] != ' ')
    return malformed("a bad status line");
  if (!read_version(line.substr(0, 8), head.version) || head.version == 0) return malformed("neither HTTP/1.1 nor HTTP/1.0");
  const std::string_view code = line.substr(9, 3);
  if (!std::all_of(code.begin(), code.end(), is_digit) || code[0] < '1' || code[0] > '5') return malformed("a bad status");
  if (!all(line.substr(shape.size()), Byte::value)) return malformed("a control character in a status line");
  status = static_cast<unsigned>((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
  return {};
}

Outcome<void> read_fields(std::string_view rest, std::size_t fields_max, Head& head) {
  for (;;) {
    const std::string_view line = take_line(rest);
    if (line.empty()) return {};
    if (head.fields.size() >= fields_max) return Violation(Reason::headers_too_large, "limits.header_fields");
    if (!read_field(line, head.fields.emplace_back())) return malformed("a line that is no field");
  }
}

void clear(Head& head) {
  head.method = head.target = {};
  head.fields.clear();
  head.version = 11;
}

}  // namespace

HeadEnd::Found HeadEnd::find(std::string_view unread, std::size_t most) {
  const std::string_view looked = unread.substr(0, most);
  while (seen_ < looked.size()) {
    const void* found = std::memchr(looked.data() + seen_, '\n', looked.size() - seen_);
    if (found == nullptr) break;
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - looked.data());
    if (at == line_ || looked.substr(line_, at - line_).find('\r') + line_ + 1 != at) return Found::malformed;
    const bool blank = at == line_ + 1;
    const bool first = line_ == 0;
    seen_ = line_ = at + 1;
    if (blank) return first ? Found::malformed : Found::whole;
  }
  seen_ = looked.size();
  return looked.size() == most ? Found::too_large : Found::more;
}

bool read_field(std::string_view line, Field& field) {
  std::size_t colon = 0;
  while (colon < line.size() && is_byte(line[colon], Byte::token)) ++colon;
  // Also a folded line, which begins with a space, and a space before the colon.
  if (colon == 0 || colon == line.size() || line[colon] != ':') return false;
  field.name = line.substr(0, colon);
  field.value = line.substr(colon + 1);
  if (!all_value(field.value)) return false;
  field.value = trimmed(field.value);
  return true;
}

Outcome<void> read_request_head(std::string_view bytes, std::size_t fields_max, Head& head) {
  clear(head);
  if (auto read = read_request_line(take_line(bytes), head); !read) return read;
  return read_fields(bytes, fields_max, head);
}

Outcome<void> read_response_head(std::string_view bytes, std::size_t fields_max, Head& head, unsigned& status) {
  clear(head);
  auto read = read_status_line(take_line(bytes), head, status);
  if (read) read = read_fields(bytes, fields_max, head);
  if (!read) return Violation(Reason::upstream_failed, "not HTTP: " + read.error().detail);
  return {};
}

}  // namespace durward::gateway
