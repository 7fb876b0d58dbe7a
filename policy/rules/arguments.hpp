#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/json.hpp"

namespace durward::policy::rules {

/// A JSON Pointer (RFC 6901), taken apart once.
struct Pointer {
  explicit Pointer(std::string_view text);
  std::string text;
  std::vector<std::string> steps;  // unescaped
};

/// One argument of one call: where a pointer leads, and its text if it is one. Decoded once, when first asked for.
class Argument {
 public:
  explicit Argument(json::Value value) : value_(value) {}
  json::Value value() const { return value_; }
  /// Of a string its decoded text; it lives as long as this and the document.
  std::string_view text();

 private:
  json::Value value_;
  std::optional<std::string> decoded_;
};

/// The arguments of one call, looked up by the number of a pointer. Remembers what was read: a decision is taken again from it.
class Arguments {
 public:
  /// root: params.arguments, or absent. Both must outlive this.
  Arguments(json::Value root, const std::vector<Pointer>& pointers) : root_(root), pointers_(pointers) {}
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
