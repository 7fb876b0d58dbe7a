#include "policy/schema/ecma_class.hpp"

#include <cctype>

#include "policy/json_text.hpp"

namespace durward::schema {
namespace {

// White space and line ends of ECMA-262, sections 12.2 and 12.3, and all else.
constexpr const char* kSpace =
    "\\t-\\r\\x20\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}";
constexpr const char* kNoSpace =
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}"
    "\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}";

ClassItem one(std::uint32_t code) { return {code, {}, {}}; }
ClassItem set(std::string text) { return {{}, std::move(text), {}}; }
ClassItem broken(const char* fault) { return {0, {}, {fault, true}}; }
ClassItem unsupported(const char* fault) { return {0, {}, {fault, false}}; }

/// Behind \u.
ClassItem unicode_escape(EcmaInput& in) {
  if (in.eat("{")) {
    const auto digits = in.until('}');
    std::uint32_t code = 0;
    if (!digits || digits->empty()) return broken("\\u{ needs hexadecimal digits and a brace");
    for (const char c : *digits) {
      if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return broken("\\u{ needs hexadecimal digits and a brace");
      code = code * 16 + static_cast<std::uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
      if (code > 0x10FFFF) return broken("there is no such code point");
    }
    return one(code);
  }
  const auto first = in.hex(4);
  if (!first) return broken("\\u needs four hexadecimal digits");
  if (*first < 0xD800 || *first > 0xDBFF) return one(*first);
  EcmaInput ahead = in;
  const auto second = ahead.eat("\\u") ? ahead.hex(4) : std::nullopt;
  if (!second || *second < 0xDC00 || *second > 0xDFFF) return one(*first);
  in = ahead;
  return one(0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00));
}

/// Behind \p or \P.
ClassItem property(EcmaInput& in, bool negated) {
  const auto expression = in.eat("{") ? in.until('}') : std::nullopt;
  if (!expression) return broken("\\p needs the name of a property in braces");
  auto text = unicode_property(*expression, negated);
  return text ? set(*std::move(text)) : unsupported("a property of Unicode is not known here");
}

ClassItem escaped_digit(EcmaInput& in, std::uint32_t c) {
  const bool more = !in.done() && in.peek() >= '0' && in.peek() <= '9';
  if (c == '0' && !more) return one(0);
  return c == '0' ? broken("octal escapes are not known") : unsupported("a back reference can't be matched in linear time");
}

/// Behind the backslash.
ClassItem letter_escape(EcmaInput& in, std::uint32_t c, bool in_brackets) {
  switch (c) {
    case 't':
      return one('\t');
    case 'n':
      return one('\n');
    case 'v':
      return one('\v');
    case 'f':
      return one('\f');
    case 'r':
      return one('\r');
    case 'd':
      return set("0-9");
    case 'D':
      return set("\\D");
    case 'w':
      return set("0-9A-Za-z_");
    case 'W':
      return set("\\W");
    case 's':
      return set(kSpace);
    case 'S':
      return set(kNoSpace);
    case 'p':
      return property(in, false);
    case 'P':
      return property(in, true);
    case 'u':
      return unicode_escape(in);
    case 'x': {
      const auto code = in.hex(2);
      return code ? one(*code) : broken("\\x needs two hexadecimal digits");
    }
    case 'c':
      if (in.done() || std::isalpha(static_cast<unsigned char>(in.peek())) == 0) return broken("\\c needs a letter");
      return one(in.next() & 31);
    case 'k':
      return unsupported("a back reference can't be matched in linear time");
    case 'b':
      if (in_brackets) return one('\b');
      [[fallthrough]];
    default:
      return broken("ECMA-262 does not know this escape");
  }
}

/// One item of a bracket, before a `-` is looked for.
ClassItem class_atom(EcmaInput& in) {
  if (in.starts("\\")) return read_escape(in, true);
  return one(in.next());
}

void append(std::string& out, const ClassItem& item) { out += item.single ? literal(*item.single) : item.text; }

}  // namespace

std::uint32_t EcmaInput::next() {
  const std::size_t length = json::utf8_sequence(text_);
  auto code = static_cast<std::uint32_t>(static_cast<unsigned char>(text_[0]));
  if (length > 1) code &= 0x7FU >> length;
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (static_cast<unsigned char>(text_[i]) & 0x3FU);
  text_.remove_prefix(length);
  return code;
}

std::optional<std::uint32_t> EcmaInput::hex(std::size_t digits) {
  if (text_.size() < digits) return std::nullopt;
  std::uint32_t code = 0;
  for (const char c : text_.substr(0, digits)) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return std::nullopt;
    code = code * 16 + static_cast<std::uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  text_.remove_prefix(digits);
  return code;
}

std::optional<std::string_view> EcmaInput::until(char end) {
  const std::size_t at = text_.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view inside = text_.substr(0, at);
  text_.remove_prefix(at + 1);
  return inside;
}

std::string literal(std::uint32_t code) {
  if (code < 0x80 && std::isalnum(static_cast<int>(code)) != 0) return {static_cast<char>(code)};
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string digits;
  do digits.insert(digits.begin(), kHex[code & 15]);
  while ((code >>= 4) != 0);
  return "\\x{" + digits + "}";
}

ClassItem read_escape(EcmaInput& in, bool in_brackets) {
  in.eat("\\");
  if (in.done()) return broken("a backslash ends it");
  const std::uint32_t c = in.next();
  if (c >= '0' && c <= '9') return escaped_digit(in, c);
  if (c < 0x80 && std::isalpha(static_cast<int>(c)) != 0) return letter_escape(in, c, in_brackets);
  return c < 0x80 && c != '_' && std::ispunct(static_cast<int>(c)) == 0 && c != ' '
             ? broken("ECMA-262 does not know this escape")
             : one(c);
}

Bracket read_bracket(EcmaInput& in) {
  const bool negated = in.eat("^");
  std::string inside;
  EcmaFault fault;
  const auto note = [&fault](const EcmaFault& other) {
    if (other.text != nullptr && (fault.text == nullptr || (other.syntax && !fault.syntax))) fault = other;
  };
  while (!in.done() && !in.starts("]")) {
    const ClassItem from = class_atom(in);
    note(from.fault);
    EcmaInput ahead = in;
    if (!ahead.eat("-") || ahead.done() || ahead.starts("]")) {
      append(inside, from);
      continue;
    }
    in = ahead;
    const ClassItem to = class_atom(in);
    note(to.fault);
    if (from.single && to.single) {
      if (*from.single > *to.single) note({"a range's ends are out of order", true});
      inside += literal(*from.single) + "-" + literal(*to.single);
    } else {  // as without the flag u: the - stands for itself
      append(inside, from), inside += literal('-'), append(inside, to);
    }
  }
  if (!in.eat("]")) note({"a bracket is not closed", true});
  if (inside.empty()) return {negated ? "[\\x{0}-\\x{10ffff}]" : "[^\\x{0}-\\x{10ffff}]", fault};
  return {(negated ? "[^" : "[") + inside + "]", fault};
}

}  // namespace durward::schema
