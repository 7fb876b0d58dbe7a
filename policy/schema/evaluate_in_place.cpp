#include <utility>

#include "policy/schema/evaluator.hpp"

// Keywords that apply schemas to the same value.
namespace durward::schema {

/// Whether a value satisfies a schema, where it is no failure if it does not.
bool Evaluator::quiet(const Node& node, Value value, const Step* path, Marks* marks) {
  auto* const failures = std::exchange(failures_, nullptr);
  const bool good = check(node, value, path, marks);
  failures_ = failures;
  return good;
}

bool Evaluator::in_place(const Node& node, const InPlace& also, Value value, const Step* path, Marks* marks) {
  bool good = true;
  const auto then = [&](bool holds) {
    good = good && holds;
    return good || collecting();
  };
  for (const Node* const one : also.all) {
    if (!then(check(*one, value, path, marks))) return false;
  }
  if (!also.any.empty() && !then(any_of(node, also, value, path, marks))) return false;
  if (!also.one.empty() && !then(one_of(node, also, value, path, marks))) return false;
  if (also.negated != nullptr && quiet(*also.negated, value, path, nullptr) && !then(fail(node, "not", path))) return false;
  if (also.condition != nullptr && !then(conditional(also, value, path, marks))) return false;
  return good;
}

bool Evaluator::any_of(const Node& node, const InPlace& also, Value value, const Step* path, Marks* marks) {
  bool good = false;
  for (const Node* const branch : also.any) {
    if (marks == nullptr) {
      if (quiet(*branch, value, path, nullptr)) return true;
    } else {  // every branch that holds counts for what is evaluated
      Marks trial(value.size());
      if (!budget_.take(1 + value.size() / 64) || !quiet(*branch, value, path, &trial)) continue;
      marks->add(trial);
      good = true;
    }
  }
  return good || explain(node, "anyOf", also.any, value, path);
}

bool Evaluator::one_of(const Node& node, const InPlace& also, Value value, const Step* path, Marks* marks) {
  std::size_t found = 0;
  for (const Node* const branch : also.one) {
    Marks trial(marks == nullptr ? 0 : value.size());
    if (marks != nullptr && !budget_.take(1 + value.size() / 64)) return false;
    if (!quiet(*branch, value, path, marks == nullptr ? nullptr : &trial)) continue;
    if (++found == 2) return fail(node, "oneOf", path, "several");
    if (marks != nullptr) marks->add(trial);
  }
  return found == 1 || explain(node, "oneOf", also.one, value, path);
}

bool Evaluator::conditional(const InPlace& also, Value value, const Step* path, Marks* marks) {
  Marks trial(marks == nullptr ? 0 : value.size());
  if (marks != nullptr && !budget_.take(1 + value.size() / 64)) return false;
  const bool holds = quiet(*also.condition, value, path, marks == nullptr ? nullptr : &trial);
  if (holds && marks != nullptr) marks->add(trial);
  const Node* const next = holds ? also.consequence : also.alternative;
  return next == nullptr || check(*next, value, path, marks);
}

/// None of the alternatives holds. If only one of them is meant for a value of this kind, its failures say more than "none of
/// them".
bool Evaluator::explain(const Node& node, std::string_view keyword, const std::vector<const Node*>& branches, Value value,
                        const Step* path) {
  if (!collecting()) return false;
  const std::string here = pointer_of(path);
  std::vector<Failure> meant;
  std::size_t candidates = 0;
  auto* const outer = failures_;
  for (const Node* const branch : branches) {
    std::vector<Failure> own;
    failures_ = &own;
    check(*branch, value, path, nullptr);
    const bool other =
        own.empty() || (own.front().instance == here &&
                        (own.front().keyword == "type" || own.front().keyword == "const" || own.front().keyword == "false"));
    if (!other && ++candidates == 1) meant = std::move(own);
  }
  failures_ = outer;
  if (candidates != 1) return fail(node, keyword, path);
  for (Failure& failure : meant) {
    if (collecting()) failures_->push_back(std::move(failure));
  }
  return false;
}

}  // namespace durward::schema
