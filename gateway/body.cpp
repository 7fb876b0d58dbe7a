#include "gateway/body.hpp"

#include <algorithm>

#include "gateway/strict.hpp"

namespace durward::gateway {
namespace {

constexpr std::size_t kSizeDigits = 15;  // of a chunk's size: no sum of them comes near 64 bits

void skip_blanks(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

bool take_token(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && is_byte(text[length], Byte::token)) ++length;
  text.remove_prefix(length);
  return length > 0;
}

bool take_quoted(std::string_view& text) {
  if (!take(text, '"')) return false;
  while (!text.empty() && text.front() != '"') {
    if (text.front() == '\\') text.remove_prefix(1);
    if (text.empty()) return false;
    text.remove_prefix(1);
  }
  return take(text, '"');
}

// RFC 9112, 7.1.1. Nobody reads extensions; what looks like none is read by somebody as something else.
bool are_extensions(std::string_view text) {
  while (!text.empty()) {
    skip_blanks(text);
    if (!take(text, ';')) return false;
    skip_blanks(text);
    if (!take_token(text)) return false;
    std::string_view value = text;
    skip_blanks(value);
    if (!take(value, '=')) continue;
    skip_blanks(value);
    if (!(value.starts_with('"') ? take_quoted(value) : take_token(value))) return false;
    text = value;
  }
  return true;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

}  // namespace

BodyReader::Fault BodyReader::begin(const Framing& framing, const Limits& limits, bool (*may_trail)(std::string_view)) {
  end_ = framing.end;
  fault_ = Fault::none;
  room_ = limits.payload;
  trailer_bytes_ = limits.trailer_bytes;
  trailer_fields_ = limits.trailer_fields;
  may_trail_ = may_trail;
  left_ = end_ == Framing::End::close ? kNoLimit : framing.length;
  at_ = end_ == Framing::End::at_once ? At::end : end_ == Framing::End::chunked ? At::size : At::payload;
  if (end_ == Framing::End::length && left_ > room_) refuse("", Fault::too_large);
  return fault_;
}

std::size_t BodyReader::refuse(const char* detail, Fault fault) {
  fault_ = fault;
  detail_ = detail;
  return 0;
}

std::size_t BodyReader::put(std::string_view unread, std::string& to) {
  std::size_t used = 0;
  while (at_ != At::end && fault_ == Fault::none && used < unread.size()) {
    const std::string_view rest = unread.substr(used);
    const std::size_t taken = at_ == At::payload     ? take_payload(rest, to)
                              : at_ == At::chunk_end ? take_chunk_end(rest)
                                                     : take_line(rest);
    if (taken == 0) break;
    used += taken;
  }
  return used;
}

std::size_t BodyReader::take_payload(std::string_view unread, std::string& to) {
  const std::string_view piece = unread.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, unread.size())));
  to += piece;
  if (end_ == Framing::End::close) return piece.size();
  left_ -= piece.size();
  if (left_ == 0) at_ = end_ == Framing::End::chunked ? At::chunk_end : At::end;
  return piece.size();
}

std::size_t BodyReader::take_chunk_end(std::string_view unread) {
  constexpr std::string_view kEnd = "\r\n";
  if (!unread.starts_with(kEnd.substr(0, unread.size()))) return refuse("a chunk that does not end where it says");
  if (unread.size() < kEnd.size()) return 0;
  at_ = At::size;
  return kEnd.size();
}

// A line is judged when it is whole, and refused as soon as it has a byte that no line may have.
std::size_t BodyReader::take_line(std::string_view unread) {
  std::size_t length = 0;
  while (length < unread.size() && is_byte(unread[length], Byte::value)) ++length;
  const std::string_view rest = unread.substr(length, 2);
  if (!std::string_view("\r\n").starts_with(rest)) return refuse("CR, LF or a control character within a line");
  if (rest.size() < 2) return 0;
  const std::string_view line = unread.substr(0, length);
  if (at_ == At::size) {
    read_size(line);
  } else {
    read_trailer(line);
  }
  return fault_ == Fault::none ? length + 2 : 0;
}

void BodyReader::read_size(std::string_view line) {
  std::uint64_t size = 0;
  std::size_t digits = 0;
  for (; digits < line.size() && hex_digit(line[digits]) >= 0; ++digits) {
    if (digits == kSizeDigits) break;
    size = size * 16 + static_cast<std::uint64_t>(hex_digit(line[digits]));
  }
  if (digits == 0 || !are_extensions(line.substr(digits))) {
    refuse("a chunk's size that is none");
    return;
  }
  if (size > room_) {
    refuse("", Fault::too_large);
    return;
  }
  room_ -= room_ == kNoLimit ? 0 : size;
  left_ = size;
  at_ = size == 0 ? At::trailer : At::payload;
}

// The head has been judged: nothing is added to it behind the body. Trailers are dropped.
void BodyReader::read_trailer(std::string_view line) {
  if (line.empty()) {
    at_ = At::end;
    return;
  }
  Field field;
  if (line.size() > trailer_bytes_ || trailer_fields_ == 0) {
    refuse("trailers over limits.header_bytes or limits.header_fields");
    return;
  }
  trailer_bytes_ -= line.size();
  --trailer_fields_;
  if (!read_field(line, field) || (may_trail_ != nullptr && !may_trail_(field.name))) refuse("a trailer that may be none");
}

bool BodyReader::put_end() {
  if (at_ == At::payload && end_ == Framing::End::close) at_ = At::end;
  return at_ == At::end;
}

}  // namespace durward::gateway
