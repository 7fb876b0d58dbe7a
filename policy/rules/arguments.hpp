#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/json.hpp"
#include "policy/schema/number.hpp"
#include "policy/shell/shell.hpp"
#include "policy/sql/classes.hpp"

namespace durward::policy::rules {

/// A JSON Pointer (RFC 6901), taken apart once.
struct Pointer {
  explicit Pointer(std::string_view text);
  std::string text;
  std::vector<std::string> steps;  // unescaped
};

/// One argument of one call: where a pointer leads, and what it is read as. Each reading is made once, when first asked for,
/// however many rules ask.
class Argument {
 public:
  explicit Argument(json::Value value) : value_(value) {}
  json::Value value() const { return value_; }
  /// Of a string its decoded text; it lives as long as this and the document.
  std::string_view text();
  /// Of a number; nothing if it is too large to be told from others.
  const std::optional<schema::Number>& number();
  /// Of a string: what it does as SQL, and in a shell.
  const sql::Reading& sql();
  struct Shell {
    shell::Found found;
    bool clear = false;
  };
  const Shell& shell();

 private:
  json::Value value_;
  std::optional<std::optional<std::string_view>> plain_;  // its text as it stands in the document, if it stands there
  std::optional<std::string> decoded_;
  std::optional<std::optional<schema::Number>> number_;
  std::optional<sql::Reading> sql_;
  std::optional<Shell> shell_;
};

/// The arguments of one call, looked up by the number of a pointer. Remembers what was read: a decision is taken again from it.
class Arguments {
 public:
  /// root: params.arguments, or absent. Both must outlive this.
  Arguments(json::Value root, const std::vector<Pointer>& pointers) : root_(root), pointers_(pointers) {
    read_.reserve(std::min<std::size_t>(pointers.size(), 4));
  }
  /// Valid until the next call of at.
  Argument& at(std::uint32_t pointer);

  struct Read {
    std::uint32_t pointer;
    Argument argument;
  };
  const std::vector<Read>& read() const { return read_; }

 private:
  json::Value root_;
  const std::vector<Pointer>& pointers_;
  std::vector<Read> read_;
};

/// Where a pointer leads; absent if nowhere. An array is entered by indices without leading zeros only.
json::Value resolve(json::Value root, const Pointer& pointer);

}  // namespace durward::policy::rules
