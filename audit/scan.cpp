#include "audit/scan.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace durward::audit {
namespace {

enum Class : std::uint8_t { plain, quote, backslash, control, lead };

constexpr std::array<std::uint8_t, 256> kClasses = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t byte = 0; byte < 256; ++byte) table[byte] = byte < 0x20 ? control : byte >= 0x80 ? lead : plain;
  table['"'] = quote;
  table['\\'] = backslash;
  return table;
}();

Class classify(char byte) { return static_cast<Class>(kClasses[static_cast<unsigned char>(byte)]); }

/// Whether none of eight bytes is a quote, a backslash, a control character or beyond ASCII. Exact.
bool all_plain(const char* at) {
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL, kHighs = 0x8080808080808080ULL;
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  const auto zero_in = [](std::uint64_t bytes) { return (bytes - kOnes) & ~bytes & kHighs; };
  return ((word & kHighs) | zero_in(word ^ kOnes * '"') | zero_in(word ^ kOnes * '\\') |
          ((word - kOnes * 0x20) & ~word & kHighs)) == 0;
}

int hex_digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

char unescape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'f':
      return '\f';
    case 'r':
      return '\r';
    default:
      return c;
  }
}

std::string decode_body(std::string_view body) {
  std::string out;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\\') {
      out += body[i];
    } else if (body[++i] == 'u') {
      out += static_cast<char>(hex_digit(body[i + 3]) * 16 + hex_digit(body[i + 4]));
      i += 4;
    } else {
      out += unescape(body[i]);
    }
  }
  return out;
}

std::u16string utf16(std::string_view body) {
  std::u16string out;
  const std::string bytes = decode_body(body);
  for (std::size_t i = 0; i < bytes.size();) {
    const auto first = static_cast<unsigned char>(bytes[i]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    char32_t point = length == 1 ? first : first & (0x7FU >> length);
    for (std::size_t k = 1; k < length; ++k) point = (point << 6) | (static_cast<unsigned char>(bytes[i + k]) & 0x3FU);
    i += length;
    if (point < 0x10000) {
      out += static_cast<char16_t>(point);
    } else {
      out += static_cast<char16_t>(0xD800 + ((point - 0x10000) >> 10));
      out += static_cast<char16_t>(0xDC00 + ((point - 0x10000) & 0x3FF));
    }
  }
  return out;
}

/// RFC 8785 sorts by UTF-16 code units.
bool precedes(std::string_view a, std::string_view b) { return utf16(a) < utf16(b); }

}  // namespace

std::string decode(std::string_view token) { return decode_body(token.substr(1, token.size() - 2)); }

bool Scanner::fail(const char* why) {
  why_ = why;
  return false;
}

bool Scanner::object(std::string_view text) {
  text_ = text;
  at_ = 0;
  stack_.clear();
  members_.clear();
  if (peek() != '{') return fail("not a JSON object");
  for (;;) {
    bool opened = false;
    if (!value(opened)) return false;
    if (opened) continue;
    for (bool more = false; !more;) {
      if (stack_.empty()) return at_ == text_.size() || fail("bytes after the object");
      if (stack_.size() == 1) members_.back().value = text_.substr(value_at_, at_ - value_at_);
      if (!close_or_next(more)) return false;
      // An empty outermost object never gets here, so members_.back() above always exists.
    }
  }
}

bool Scanner::close_or_next(bool& more) {
  const bool in_object = stack_.back().object;
  if (peek() == ',') {
    ++at_;
    more = true;
    return !in_object || key();
  }
  if (at_ < text_.size() && peek() == (in_object ? '}' : ']')) {
    ++at_;
    stack_.pop_back();
    return true;
  }
  return fail("expected a comma or the end of a container");
}

bool Scanner::value(bool& opened) {
  switch (peek()) {
    case '{':
      return open(true, opened);
    case '[':
      return open(false, opened);
    case '"': {
      std::string_view body;
      return string(body);
    }
    case 't':
      return word("true");
    case 'f':
      return word("false");
    case 'n':
      return fail("null is never written");
    default:
      return number();
  }
}

bool Scanner::open(bool object, bool& opened) {
  ++at_;
  if (peek() == (object ? '}' : ']')) {
    ++at_;
    if (stack_.empty()) return fail("an empty record");
    return true;
  }
  stack_.push_back({object, {}, true, true});
  opened = true;
  return !object || key();
}

bool Scanner::key() {
  Frame& frame = stack_.back();
  const std::size_t begin = at_;
  std::string_view body;
  if (peek() != '"') return fail("expected a member name");
  if (!string(body)) return false;
  // For plain ASCII, UTF-16 order is byte order.
  const bool ordered = frame.first || (simple_ && frame.simple ? frame.key < body : precedes(frame.key, body));
  if (!ordered) return fail("members repeated or not in canonical order");
  frame.first = false;
  frame.key = body;
  frame.simple = simple_;
  if (peek() != ':') return fail("expected a colon");
  ++at_;
  if (stack_.size() == 1) {
    members_.push_back({body, {}, begin});
    value_at_ = at_;
  }
  return true;
}

bool Scanner::string(std::string_view& body) {
  const std::size_t begin = ++at_;
  simple_ = true;
  for (;;) {
    while (at_ + 8 <= text_.size() && all_plain(text_.data() + at_)) at_ += 8;
    while (at_ < text_.size() && classify(text_[at_]) == plain) ++at_;
    if (at_ >= text_.size()) return fail("an unfinished string");
    switch (classify(text_[at_])) {
      case quote:
        body = text_.substr(begin, at_ - begin);
        ++at_;
        return true;
      case backslash:
        simple_ = false;
        if (!escape()) return false;
        break;
      case lead:
        simple_ = false;
        if (!multibyte()) return false;
        break;
      default:
        return fail("a control character in a string");
    }
  }
}

bool Scanner::escape() {
  const std::string_view rest = text_.substr(at_ + 1);
  if (rest.empty()) return fail("an unfinished string");
  if (std::string_view("\"\\bfnrt").find(rest[0]) != std::string_view::npos) {
    at_ += 2;
    return true;
  }
  // The canonical form writes \u only for control characters without a short escape, in lower case.
  if (rest.size() < 5 || rest.substr(0, 3) != "u00" || (rest[3] != '0' && rest[3] != '1')) return fail("a needless escape");
  const char low = rest[4];
  if (!((low >= '0' && low <= '9') || (low >= 'a' && low <= 'f'))) return fail("a needless escape");
  const int code = hex_digit(rest[3]) * 16 + hex_digit(low);
  if (code == '\b' || code == '\t' || code == '\n' || code == '\f' || code == '\r') return fail("a needless escape");
  at_ += 6;
  return true;
}

bool Scanner::multibyte() {
  const auto byte = [&](std::size_t k) { return at_ + k < text_.size() ? static_cast<unsigned char>(text_[at_ + k]) : 0U; };
  const auto tail = [&](std::size_t k) { return (byte(k) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  const unsigned second = byte(1);
  std::size_t length = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    length = tail(1) ? 2 : 0;
  } else if (first >= 0xE0 && first <= 0xEF) {
    const bool bad = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F);  // overlong, surrogate
    length = !bad && tail(1) && tail(2) ? 3 : 0;
  } else if (first >= 0xF0 && first <= 0xF4) {
    const bool bad = (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);  // overlong, beyond U+10FFFF
    length = !bad && tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  if (length == 0) return fail("invalid UTF-8");
  at_ += length;
  return true;
}

bool Scanner::number() {
  constexpr std::uint64_t kLargest = (1ULL << 53) - 1;
  const bool negative = peek() == '-';
  if (negative) ++at_;
  const std::size_t begin = at_;
  std::uint64_t number = 0;
  while (peek() >= '0' && peek() <= '9' && at_ - begin < 17)
    number = number * 10 + static_cast<std::uint64_t>(text_[at_++] - '0');
  const std::size_t digits = at_ - begin;
  if (digits == 0) return fail("expected a value");
  if (text_[begin] == '0' && (digits > 1 || negative)) return fail("a number that is not in canonical form");
  if (number > kLargest) return fail("a number beyond 2^53-1");
  return true;  // whatever else follows (a fraction, an exponent, more digits) is not a comma or an end
}

bool Scanner::word(std::string_view expected) {
  if (text_.substr(at_, expected.size()) != expected) return fail("expected a value");
  at_ += expected.size();
  return true;
}

}  // namespace durward::audit
