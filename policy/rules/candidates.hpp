#pragma once
#include <algorithm>
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

/// Rules by a text that another one must begin or end with.
template <class Entry>
struct Affixes {
  std::unordered_map<std::string, std::vector<Entry>, TextHash, std::equal_to<>> by_text;
  std::vector<std::size_t> lengths;  // of the texts that there are, ascending
  void add(std::string_view text, Entry entry) {
    by_text[std::string(text)].push_back(std::move(entry));
    const auto place = std::lower_bound(lengths.begin(), lengths.end(), text.size());
    if (place == lengths.end() || *place != text.size()) lengths.insert(place, text.size());
  }
  /// Calls f with the entries of every text that begins (head) or ends `whole`.
  template <class F>
  void find(std::string_view whole, bool head, const F& f) const {
    for (const std::size_t length : lengths) {
      if (length > whole.size()) break;
      const auto found = by_text.find(head ? whole.substr(0, length) : whole.substr(whole.size() - length));
      if (found != by_text.end()) f(found->second);
    }
  }
};

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
  std::unordered_map<std::string, std::vector<std::uint32_t>, TextHash, std::equal_to<>> exact_;
  Affixes<Filed> heads_, tails_;
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

/// Rules that ask whether one argument is, or begins with, some text: of hundreds that do, those that this text can fulfil.
class TextIndex {
 public:
  explicit TextIndex(std::size_t rules) : asking_(rules) {}
  void is(std::uint32_t rule, const std::string& text);
  void begins(std::uint32_t rule, const std::string& text);
  std::size_t size() const { return size_; }
  /// Of the candidates, those that ask.
  const Bits& asking() const { return asking_; }
  /// The asking rules whose condition holds of text.
  Bits holding(std::string_view text) const;

 private:
  void ask(std::uint32_t rule);
  Bits asking_;
  std::size_t size_ = 0;
  std::unordered_map<std::string, std::vector<std::uint32_t>, TextHash, std::equal_to<>> whole_;
  Affixes<std::uint32_t> heads_;
};

}  // namespace durward::policy::rules
