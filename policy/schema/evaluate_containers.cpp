#include "policy/schema/equality.hpp"
#include "policy/schema/evaluator.hpp"
#include "policy/schema/text.hpp"

// Keywords of arrays and objects.
namespace durward::schema {

using json::Kind;

bool Evaluator::array(const Node& node, const ArrayRules& rules, Value value, const Step* path, Marks* marks) {
  const std::size_t size = value.size();
  bool good = true;
  if (size > rules.most) good = fail(node, "maxItems", path);
  if (size < rules.least) good = fail(node, "minItems", path);
  if (!good && !collecting()) return false;
  if (rules.unique && !distinct(value, budget_)) {
    good = fail(node, "uniqueItems", path);
    if (!collecting()) return false;
  }
  if ((!rules.prefix.empty() || rules.rest != nullptr) && !items(node, rules, value, path, marks)) {
    good = false;
    if (!collecting()) return false;
  }
  return (rules.contains == nullptr || contains(node, rules, value, path, marks)) && good;
}

bool Evaluator::items(const Node& node, const ArrayRules& rules, Value value, const Step* path, Marks* marks) {
  bool good = true;
  std::size_t i = 0;
  for (const Value element : value.elements()) {
    const Node* const schema = i < rules.prefix.size() ? rules.prefix[i] : rules.rest;
    if (schema == nullptr) break;
    if (schema->accepts_none && i >= rules.prefix.size()) return fail(node, rules.rest_keyword, path);
    if (!budget_.take(1)) return false;
    const Step step{path, Step::Kind::index, i, {}};
    if (!check(*schema, element, &step, nullptr)) {
      good = false;
      if (!collecting()) return false;
    }
    if (marks != nullptr) marks->mark(i);
    ++i;
  }
  return good;
}

bool Evaluator::contains(const Node& node, const ArrayRules& rules, Value value, const Step* path, Marks* marks) {
  std::size_t found = 0;
  std::size_t i = 0;
  for (const Value element : value.elements()) {
    const Step step{path, Step::Kind::index, i, {}};
    if (!budget_.take(1)) return false;
    if (quiet(*rules.contains, element, &step, nullptr)) {
      ++found;
      if (marks != nullptr && rules.contains_marks) marks->mark(i);
      if (marks == nullptr && found >= rules.least_contains && rules.most_contains == kNoBound) return true;
    }
    if (budget_.stopped() != Stop::none) return false;
    ++i;
  }
  if (found > rules.most_contains) return fail(node, "maxContains", path);
  if (found >= rules.least_contains) return true;
  return fail(node, rules.least_contains == 1 ? "contains" : "minContains", path);
}

bool Evaluator::object(const Node& node, const ObjectRules& rules, Value value, const Step* path, Marks* marks) {
  const std::size_t size = value.size();
  bool good = true;
  if (size > rules.most) good = fail(node, "maxProperties", path);
  if (size < rules.least) good = fail(node, "minProperties", path);
  if (!good && !collecting()) return false;
  const bool walks =
      !rules.properties.empty() || !rules.patterns.empty() || rules.additional != nullptr || rules.names != nullptr;
  if (walks && !members(node, rules, value, path, marks)) {
    good = false;
    if (!collecting()) return false;
  }
  return (rules.dependents.empty() || dependents(node, rules, value, path, marks)) && good;
}

bool Evaluator::members(const Node& node, const ObjectRules& rules, Value value, const Step* path, Marks* marks) {
  bool good = true;
  std::size_t required = 0;
  std::size_t i = 0;
  if (!budget_.take(value.size())) return false;
  for (const json::Member one : value.members()) {
    const auto plain = one.key.plain();
    const Property* const known = plain ? rules.find(*plain) : rules.find(Text(one.key).view());
    if (known != nullptr && known->required) ++required;
    bool evaluated = false;
    if (!member(node, rules, one, known, path, evaluated)) {
      good = false;
      if (!collecting()) return false;
    }
    if (evaluated && marks != nullptr) marks->mark(i);
    ++i;
  }
  return (required == rules.required || missing(node, rules, value, path)) && good;
}

/// One member by all that applies to it.
bool Evaluator::member(const Node& node, const ObjectRules& rules, const json::Member& one, const Property* known,
                       const Step* path, bool& evaluated) {
  bool good = true;
  const bool named = known != nullptr && known->schema != nullptr;
  const Step step{path, known != nullptr ? Step::Kind::known : Step::Kind::unknown, 0,
                  known != nullptr ? std::string_view(known->name) : std::string_view()};
  if (rules.names != nullptr) {
    const Step name{path, Step::Kind::name, 0, step.name};
    good = check(*rules.names, one.key, &name, nullptr);
  }
  if (named && (good || collecting())) good = check(*known->schema, one.value, &step, nullptr) && good;
  evaluated = named;
  if (!rules.patterns.empty()) {
    const Text name(one.key);
    for (const auto& [pattern, schema] : rules.patterns) {
      if (!good && !collecting()) return false;
      if (!pattern.occurs(name.view(), budget_)) continue;
      evaluated = true;
      good = check(*schema, one.value, &step, nullptr) && good;
    }
  }
  if (evaluated || rules.additional == nullptr || (!good && !collecting())) return good;
  evaluated = true;
  if (rules.additional->accepts_none) return fail(node, "additionalProperties", path);
  return check(*rules.additional, one.value, &step, nullptr) && good;
}

/// Names the first of the required properties that are not there.
bool Evaluator::missing(const Node& node, const ObjectRules& rules, Value value, const Step* path) {
  if (!collecting()) return false;
  for (const Property& property : rules.properties) {
    if (!property.required) continue;
    if (!budget_.take(1 + value.size() / 4)) return false;
    if (!schema::member(value, property.name)) fail(node, "required", path, property.name);
    if (!collecting()) return false;
  }
  return false;
}

bool Evaluator::dependents(const Node& node, const ObjectRules& rules, Value value, const Step* path, Marks* marks) {
  bool good = true;
  const auto has = [&](std::string_view name) {
    return budget_.take(1 + value.size() / 4) && static_cast<bool>(schema::member(value, name));
  };
  for (const Dependent& dependent : rules.dependents) {
    if (!has(dependent.name)) continue;
    for (const std::string& name : dependent.required) {
      if (!has(name)) good = fail(node, dependent.keyword, path, name);
      if (!good && !collecting()) return false;
    }
    if (dependent.schema != nullptr) good = check(*dependent.schema, value, path, marks) && good;
    if (!good && !collecting()) return false;
  }
  return good && budget_.stopped() == Stop::none;
}

bool Evaluator::unevaluated(const Node& node, Value value, const Step* path, Marks& marks) {
  const Node* const schema = value.is(Kind::array)    ? node.unevaluated_items
                             : value.is(Kind::object) ? node.unevaluated_properties
                                                      : nullptr;
  if (schema == nullptr) return true;
  const std::string_view keyword = value.is(Kind::array) ? "unevaluatedItems" : "unevaluatedProperties";
  bool good = true;
  std::size_t i = 0;
  const auto judge = [&](Value part, Step::Kind kind) {
    if (good || collecting()) {
      const Step step{path, kind, i, {}};
      if (!budget_.take(1)) {
        good = false;
      } else if (!marks.marked(i)) {
        good = (schema->accepts_none ? fail(node, keyword, path) : check(*schema, part, &step, nullptr)) && good;
      }
    }
    ++i;
  };
  for (const Value element : value.elements()) judge(element, Step::Kind::index);
  for (const json::Member one : value.members()) judge(one.value, Step::Kind::unknown);
  marks.mark_all();
  return good;
}

}  // namespace durward::schema
