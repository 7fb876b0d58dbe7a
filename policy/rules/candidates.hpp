#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "policy/rules/bits.hpp"
#include "policy/tables.hpp"

namespace durward::policy::rules {

/// Finds the rules whose patterns match a tool's name, without asking each of them: a pattern is filed under the text before
/// its first `*`, or else under that behind its last one.
class ToolIndex {
 public:
  void add(std::uint32_t rule, const std::string& glob);
  void collect(std::string_view tool, Bits& out) const;

 private:
  struct Filed {
    std::uint32_t rule;
    std::string glob;  // empty: the text that it is filed under says all
  };
  using Shelf = std::unordered_map<std::string, std::vector<Filed>, TextHash, std::equal_to<>>;
  struct Affixes {
    Shelf by_text;
    std::vector<std::size_t> lengths;  // of the texts that there are, ascending
    void add(std::string_view text, Filed filed);
  };
  std::unordered_map<std::string, std::vector<std::uint32_t>, TextHash, std::equal_to<>> exact_;
  Affixes heads_, tails_;
  std::vector<std::uint32_t> every_;  // `*`
  std::vector<Filed> rest_;           // `*x*`
};

/// One quality of a principal (its tenant, its groups, one claim …), and the rules that ask for it.
class Dimension {
 public:
  explicit Dimension(std::size_t rules) : free_(rules) {}
  void indifferent(std::uint32_t rule) { free_.set(rule); }
  void asks(std::uint32_t rule, const std::string& value) { by_value_[value].push_back(rule); }
  bool used() const { return !by_value_.empty(); }
  /// The rules that a principal with these values does not fail.
  template <class Values>
  Bits passing(const Values& values) const {
    Bits out = free_;
    for (const auto& value : values) {
      const auto found = by_value_.find(std::string_view(value));
      if (found != by_value_.end()) out.set(found->second);
    }
    return out;
  }

 private:
  Bits free_;
  std::unordered_map<std::string, std::vector<std::uint32_t>, TextHash, std::equal_to<>> by_value_;
};

}  // namespace durward::policy::rules
