#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "policy/outcome.hpp"
#include "policy/schema/budget.hpp"

namespace re2 {
class RE2;
}

namespace durward::schema {

/// A regular expression of ECMA-262, as `pattern` has it, translated for RE2, which reads a text once and never goes back.
struct Translation {
  std::string re2;               // what means the same there; empty if there is a fault
  std::uint64_t characters = 0;  // that it matches at most one after the other, a repetition without bound counted once
  std::string fault;             // why not, in words
  bool syntax = false;           // whether ECMA-262 does not know it either; else RE2 can't express it
};

/// Read with the flag `u`, except where it forbids what has one meaning without it: a backslash before any punctuation, a lone
/// brace, and a `-` beside a class (`[\w-.]`). Look-around and back references are faults, as is what RE2 reads otherwise.
Translation translate(std::string_view pattern);

class Pattern {
 public:
  static constexpr std::size_t kMostInstructions = 8'000;  // of the program that RE2 makes of one pattern

  /// pattern: UTF-8. The error is a sentence about it.
  static policy::Outcome<Pattern, std::string> compile(std::string_view pattern);
  /// The same of an expression in RE2's own syntax, as it is.
  static policy::Outcome<Pattern, std::string> native(std::string_view expression);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  /// Whether it occurs anywhere in text. Costs steps by the length of text, and by the size of the program unless that surely
  /// stays in RE2's automaton; false once the budget has stopped. Thread-safe.
  bool occurs(std::string_view text, Budget& budget) const;

 private:
  Pattern(std::unique_ptr<re2::RE2> program, std::uint64_t characters);
  static policy::Outcome<Pattern, std::string> make(std::string_view expression, std::uint64_t characters);
  std::unique_ptr<re2::RE2> program_;
  std::uint64_t price_;  // steps for 8 bytes
};

}  // namespace durward::schema
