#include "policy/schema/evaluator.hpp"

#include <algorithm>

#include "policy/schema/equality.hpp"
#include "policy/schema/text.hpp"

namespace durward::schema {

using json::Kind;

/// The resources that were entered on the way, innermost first: where `$dynamicRef` looks, outermost first.
struct Evaluator::Scope {
  Scope(Evaluator& evaluator, const Node& node)
      : outer(evaluator.scope_),
        resource(node.resource),
        entered(&evaluator),
        fresh(outer == nullptr || outer->resource != resource) {
    if (fresh) evaluator.scope_ = this;
  }
  ~Scope() {
    if (fresh) entered->scope_ = outer;
  }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  const Scope* outer;
  std::uint32_t resource;
  Evaluator* entered;
  bool fresh;
};

bool Evaluator::fail(const Node& node, std::string_view keyword, const Step* path, std::string_view detail) {
  if (!collecting()) return false;
  Failure failure;
  failure.instance = pointer_of(path);
  failure.name = path != nullptr && path->kind == Step::Kind::name;
  failure.keyword = keyword;
  failure.schema = node.pointer;
  if (!node.accepts_none) failure.schema += "/" + std::string(keyword);
  failure.expectation = expectation(keyword, node.schema, detail);
  failures_->push_back(std::move(failure));
  return false;
}

bool Evaluator::check(const Node& node, Value value, const Step* path, Marks* marks) {
  if (node.accepts_all) return true;
  const Level level(budget_);
  if (!level || !budget_.take(1)) return false;
  if (node.accepts_none) return fail(node, "false", path);
  if (program_.dynamic) {
    const Scope scope(*this, node);
    return keywords(node, value, path, marks);
  }
  return keywords(node, value, path, marks);
}

bool Evaluator::keywords(const Node& node, Value value, const Step* path, Marks* outer) {
  // After a wrong type the rest has nothing to say.
  if (node.types != kAnyType && !type(node, value, path)) return false;
  if (node.unevaluated_items == nullptr && node.unevaluated_properties == nullptr) return by_kind(node, value, path, outer);
  if (!budget_.take(2 + value.size() / 64)) return false;
  Marks marks(value.size());
  bool good = by_kind(node, value, path, &marks);
  if (good || collecting()) good = unevaluated(node, value, path, marks) && good;
  if (good && outer != nullptr) outer->add(marks);
  return good;
}

/// Everything but type and unevaluated. Where failures are collected one does not end it.
bool Evaluator::by_kind(const Node& node, Value value, const Step* path, Marks* marks) {
  bool good = true;
  const auto also = [&](bool holds) {
    good = good && holds;
    return good || collecting();
  };
  if ((node.constant || node.enumeration) && !also(constants(node, value, path))) return false;
  switch (value.kind()) {
    case Kind::number:
      if (node.number != nullptr && !also(number(node, *node.number, value, path))) return false;
      break;
    case Kind::string:
      if (node.string != nullptr && !also(string(node, *node.string, value, path))) return false;
      break;
    case Kind::array:
      if (node.array != nullptr && !also(array(node, *node.array, value, path, marks))) return false;
      break;
    case Kind::object:
      if (node.object != nullptr && !also(object(node, *node.object, value, path, marks))) return false;
      break;
    default:
      break;
  }
  if (node.in_place != nullptr && !also(in_place(node, *node.in_place, value, path, marks))) return false;
  if (node.ref != nullptr && !also(reference(node, value, path, marks))) return false;
  return good;
}

bool Evaluator::type(const Node& node, Value value, const Step* path) {
  if ((node.types & type_bit(value.kind())) != 0) return true;
  if (value.is(Kind::number) && (node.types & kInteger) != 0) {
    const std::string_view token = value.raw();
    if (!budget_.take(token.size() / 64)) return false;
    if (token.find_first_of(".eE") == std::string_view::npos) return true;
    const auto number = Number::read(token);
    if (!number) return budget_.stop(Stop::exponent), false;
    if (number->integer()) return true;
  }
  return fail(node, "type", path);
}

bool Evaluator::constants(const Node& node, Value value, const Step* path) {
  if (node.constant && !equal(node.constant, value, budget_)) return fail(node, "const", path);
  if (!node.enumeration) return true;
  for (const Value one : node.enumeration.elements()) {
    if (equal(one, value, budget_)) return true;
  }
  return fail(node, "enum", path);
}

bool Evaluator::reference(const Node& node, Value value, const Step* path, Marks* marks) {
  return check(node.dynamic_ref == nullptr ? *node.ref : in_scope(node), value, path, marks);
}

const Node& Evaluator::in_scope(const Node& node) {
  const Node* found = node.dynamic_ref;
  for (const Scope* scope = scope_; scope != nullptr && budget_.take(1); scope = scope->outer) {
    for (const DynamicAnchor& anchor : program_.dynamic_anchors[scope->resource]) {
      if (anchor.name == node.dynamic_anchor) found = anchor.node;
    }
  }
  return *found;
}

bool Evaluator::number(const Node& node, const NumberRules& rules, Value value, const Step* path) {
  const auto small = value.integer();
  if (!budget_.take(rules.bounds.size() + value.raw().size() / 32)) return false;
  std::optional<Number> exact;
  const auto read = [&] {
    if (!exact) exact = Number::read(value.raw());
    if (!exact) budget_.stop(Stop::exponent);
    return exact.has_value();
  };
  bool good = true;
  for (const Bound& bound : rules.bounds) {
    int order = 0;
    if (small && bound.small) {
      order = *small < *bound.small ? -1 : *small > *bound.small ? 1 : 0;
    } else {
      if (!read()) return false;
      order = exact->compare(bound.number);
    }
    if (order == 0 ? bound.inclusive : (order < 0) == bound.upper) continue;
    good = fail(node, bound.keyword, path);
    if (!collecting()) return false;
  }
  if (!rules.multiple) return good;
  if (!read()) return false;
  return rules.multiple->divides(*exact) ? good : fail(node, "multipleOf", path);
}

bool Evaluator::string(const Node& node, const StringRules& rules, Value value, const Step* path) {
  if (!budget_.take(value.raw().size() / 32)) return false;
  const Text text(value);
  bool good = true;
  const std::size_t bytes = text.view().size();
  // A character has one to four bytes.
  if (bytes > rules.most || bytes < rules.least || bytes / 4 < rules.least) {
    const auto length = static_cast<std::size_t>(std::count_if(
        text.view().begin(), text.view().end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
    if (length > rules.most) good = fail(node, "maxLength", path);
    if (length < rules.least) good = fail(node, "minLength", path);
  }
  if ((good || collecting()) && rules.pattern && !rules.pattern->occurs(text.view(), budget_))
    good = fail(node, "pattern", path);
  if ((good || collecting()) && rules.format != nullptr) {
    if (!budget_.take(bytes / 4 + 1)) return false;
    if (!rules.format(text.view())) good = fail(node, "format", path);
  }
  return good;
}

}  // namespace durward::schema
