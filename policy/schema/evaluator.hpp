#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/schema/budget.hpp"
#include "policy/schema/node.hpp"
#include "policy/schema/schema.hpp"

/// Judges one value. Internal to policy/schema.
namespace durward::schema {

/// Which members or items of one value were evaluated (section 11 of the standard). The first 256 need no memory.
class Marks {
 public:
  explicit Marks(std::size_t count) : more_(count > kFew ? (count - kFew + 63) / 64 : 0) {}
  void mark(std::size_t i) { word(i) |= std::uint64_t{1} << (i & 63); }
  bool marked(std::size_t i) { return (word(i) >> (i & 63) & 1) != 0; }
  void mark_all() {
    for (std::uint64_t& one : few_) one = ~std::uint64_t{0};
    for (std::uint64_t& one : more_) one = ~std::uint64_t{0};
  }
  void add(const Marks& other) {
    for (std::size_t i = 0; i < few_.size(); ++i) few_[i] |= other.few_[i];
    for (std::size_t i = 0; i < more_.size(); ++i) more_[i] |= other.more_[i];
  }

 private:
  static constexpr std::size_t kFew = 256;
  std::uint64_t& word(std::size_t i) { return i < kFew ? few_[i / 64] : more_[(i - kFew) / 64]; }
  std::array<std::uint64_t, kFew / 64> few_ = {};
  std::vector<std::uint64_t> more_;
};

/// The way to the value that is being judged, innermost step first.
struct Step {
  enum class Kind : std::uint8_t { index, known, unknown, name };  // known: a name that the schema names; name: the name itself
  const Step* outer;
  Kind kind;
  std::size_t index;
  std::string_view name;
};

/// Twice at most: first for the verdict alone, and where that is "invalid" once more with somewhere to put the failures, which
/// then goes on behind the first.
class Evaluator {
 public:
  Evaluator(const Program& program, const Limits& limits, std::vector<Failure>* failures)
      : program_(program), budget_(limits.work, limits.nesting), failures_(failures), most_failures_(limits.failures) {}

  bool run(json::Value value) { return check(*program_.root, value, nullptr, nullptr); }
  const Budget& budget() const { return budget_; }

 private:
  struct Scope;
  using Value = json::Value;

  bool collecting() const {
    return failures_ != nullptr && failures_->size() < most_failures_ && budget_.stopped() == Stop::none;
  }
  bool fail(const Node& node, std::string_view keyword, const Step* path, std::string_view detail = {});

  bool check(const Node& node, Value value, const Step* path, Marks* marks);
  bool keywords(const Node& node, Value value, const Step* path, Marks* marks);
  bool by_kind(const Node& node, Value value, const Step* path, Marks* marks);
  bool unevaluated(const Node& node, Value value, const Step* path, Marks& marks);
  bool quiet(const Node& node, Value value, const Step* path, Marks* marks);

  bool type(const Node& node, Value value, const Step* path);
  bool constants(const Node& node, Value value, const Step* path);
  bool reference(const Node& node, Value value, const Step* path, Marks* marks);
  const Node& in_scope(const Node& node);

  bool number(const Node& node, const NumberRules& rules, Value value, const Step* path);
  bool string(const Node& node, const StringRules& rules, Value value, const Step* path);

  bool array(const Node& node, const ArrayRules& rules, Value value, const Step* path, Marks* marks);
  bool items(const Node& node, const ArrayRules& rules, Value value, const Step* path, Marks* marks);
  bool contains(const Node& node, const ArrayRules& rules, Value value, const Step* path, Marks* marks);

  bool object(const Node& node, const ObjectRules& rules, Value value, const Step* path, Marks* marks);
  bool members(const Node& node, const ObjectRules& rules, Value value, const Step* path, Marks* marks);
  bool member(const Node& node, const ObjectRules& rules, const json::Member& one, const Property* known, const Step* path,
              bool& evaluated);
  bool missing(const Node& node, const ObjectRules& rules, Value value, const Step* path);
  bool dependents(const Node& node, const ObjectRules& rules, Value value, const Step* path, Marks* marks);

  bool in_place(const Node& node, const InPlace& also, Value value, const Step* path, Marks* marks);
  bool any_of(const Node& node, const InPlace& also, Value value, const Step* path, Marks* marks);
  bool one_of(const Node& node, const InPlace& also, Value value, const Step* path, Marks* marks);
  bool conditional(const InPlace& also, Value value, const Step* path, Marks* marks);
  bool explain(const Node& node, std::string_view keyword, const std::vector<const Node*>& branches, Value value,
               const Step* path);

  const Program& program_;
  Budget budget_;
  std::vector<Failure>* failures_;
  const std::size_t most_failures_;
  const Scope* scope_ = nullptr;
};

/// JSON pointer of the value at the end of path, with `*` for names that the schema does not name.
std::string pointer_of(const Step* path);

/// What a keyword of a schema wants, in words. detail: what of it, if that is not all.
std::string expectation(std::string_view keyword, json::Value schema, std::string_view detail);

}  // namespace durward::schema
