#pragma once
#include <string>
#include <utility>
#include <vector>

namespace durward::schema {

/// Why a schema was not taken, for the operator: where in it, and a sentence. It quotes the schema, never an instance.
struct Problem {
  std::string pointer;  // JSON pointer into the schema; before it, the URI of the document where it is another one
  std::string text;
};

/// Every problem that is found, up to a bound.
class Problems {
 public:
  static constexpr std::size_t kMost = 16;
  void add(std::string pointer, std::string text) {
    if (all_.size() < kMost) all_.push_back({std::move(pointer), std::move(text)});
  }
  bool none() const { return all_.empty(); }
  bool full() const { return all_.size() == kMost; }
  std::vector<Problem> take() { return std::move(all_); }

 private:
  std::vector<Problem> all_;
};

}  // namespace durward::schema
