#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The parts of ECMA-262's regular expressions that stand for one character. Internal to pattern.hpp's translate.
namespace durward::schema {

/// The rest of a pattern in valid UTF-8.
class EcmaInput {
 public:
  explicit EcmaInput(std::string_view text) : text_(text) {}
  bool done() const { return text_.empty(); }
  char peek() const { return text_.front(); }
  bool starts(std::string_view prefix) const { return text_.starts_with(prefix); }
  bool eat(std::string_view prefix) {
    if (!starts(prefix)) return false;
    text_.remove_prefix(prefix.size());
    return true;
  }
  /// One code point; not at the end.
  std::uint32_t next();
  /// That many hexadecimal digits, or nothing and no step.
  std::optional<std::uint32_t> hex(std::size_t digits);
  /// All up to a character that is there, which is taken, too.
  std::optional<std::string_view> until(char end);
  void skip_all() { text_ = {}; }

 private:
  std::string_view text_;
};

struct EcmaFault {
  const char* text = nullptr;  // none
  bool syntax = false;
};

/// What one escape stands for: a code point, or a set of them, as the inside of RE2's brackets.
struct ClassItem {
  std::optional<std::uint32_t> single;
  std::string text;
  EcmaFault fault;
};

/// in begins with a backslash.
ClassItem read_escape(EcmaInput& in, bool in_brackets);

struct Bracket {
  std::string text;  // with its brackets
  EcmaFault fault;
};

/// Behind the opening bracket.
Bracket read_bracket(EcmaInput& in);

/// One code point as RE2 takes it inside and outside of brackets.
std::string literal(std::uint32_t code);

/// The inside of RE2's brackets for `\p{expression}` or its complement; nothing if it is not expressible exactly.
std::optional<std::string> unicode_property(std::string_view expression, bool negated);

}  // namespace durward::schema
