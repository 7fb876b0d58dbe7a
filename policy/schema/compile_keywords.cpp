#include <algorithm>
#include <array>

#include "policy/schema/compiler.hpp"
#include "policy/schema/text.hpp"

// What each keyword's value must look like, and what it becomes.
namespace durward::schema {
namespace {

using json::Kind;
using json::Value;

template <class Rules>
Rules& rules(std::unique_ptr<Rules>& held) {
  if (held == nullptr) held = std::make_unique<Rules>();
  return *held;
}

std::uint8_t type_named(Value name) {
  struct Named {
    std::string_view name;
    std::uint8_t bits;
  };
  constexpr auto kTypes = std::to_array<Named>({
      {"null", type_bit(Kind::null)},
      {"boolean", type_bit(Kind::boolean)},
      {"number", type_bit(Kind::number)},
      {"integer", kInteger},
      {"string", type_bit(Kind::string)},
      {"array", type_bit(Kind::array)},
      {"object", type_bit(Kind::object)},
  });
  for (const Named& type : kTypes) {
    if (name.equals(type.name)) return type.bits;
  }
  return 0;
}

std::string own(Value string) { return std::string(Text(string).view()); }

}  // namespace

void Compiler::type(const At& at) {
  const Value value = at.place.value;
  std::uint8_t bits = type_named(value);
  for (const Value name : value.elements()) {
    const std::uint8_t bit = type_named(name);
    if (bit == 0) return complain(at, "names a type that JSON Schema does not know");
    bits |= bit;
  }
  if (bits == 0)
    return complain(at, "must be one of null, boolean, number, integer, string, array and object, or an array of them");
  at.node.types = bits;
}

bool Compiler::value_keyword(const At& at, Word word) {
  switch (word) {
    case Word::type:
      type(at);
      return true;
    case Word::constant:
      at.node.constant = at.place.value;
      return true;
    case Word::enumeration:
      at.node.enumeration = at.place.value;
      if (!at.place.value.is(Kind::array)) complain(at, "must be an array");
      return true;
    default:
      return false;
  }
}

void Compiler::bound(const At& at, bool upper, bool inclusive) {
  if (!at.place.value.is(Kind::number)) return complain(at, "must be a number");
  const auto number = Number::read(at.place.value.raw());
  if (!number) return complain(at, "its exponent is out of bounds");
  rules(at.node.number).bounds.push_back({at.keyword, upper, inclusive, *number, at.place.value.integer()});
}

bool Compiler::number_keyword(const At& at, Word word) {
  switch (word) {
    case Word::maximum:
    case Word::exclusive_maximum:
      bound(at, true, word == Word::maximum);
      return true;
    case Word::minimum:
    case Word::exclusive_minimum:
      bound(at, false, word == Word::minimum);
      return true;
    case Word::multiple_of: {
      const auto number = at.place.value.is(Kind::number) ? Number::read(at.place.value.raw()) : std::nullopt;
      const auto divisor = number ? Divisor::of(*number) : std::nullopt;
      if (!divisor) return complain(at, "must be a number greater than 0, of at most 18 digits"), true;
      rules(at.node.number).multiple = *divisor;
      return true;
    }
    default:
      return false;
  }
}

/// A number of things. One beyond what memory holds is no bound from above, and never met from below.
void Compiler::count(const At& at, std::size_t& bound) {
  const auto number = at.place.value.is(Kind::number) ? Number::read(at.place.value.raw()) : std::nullopt;
  if (!number || !number->integer() || (number->negative() && !number->zero()))
    return complain(at, "must be an integer, 0 or more");
  bound = number->small().value_or(kNoBound);
}

std::optional<Pattern> Compiler::pattern(const Place& place, std::string_view text) {
  if (++patterns_ > options_.limits.patterns) {
    if (patterns_ == options_.limits.patterns + 1) problems_.add(place.pointer, "more patterns than are allowed");
    return std::nullopt;
  }
  auto compiled = Pattern::compile(text);
  if (compiled) return *std::move(compiled);
  problems_.add(place.pointer, "the pattern " + json::quote(text.substr(0, 100)) + " is not taken: " + compiled.error());
  return std::nullopt;
}

bool Compiler::string_keyword(const At& at, Word word) {
  switch (word) {
    case Word::max_length:
      count(at, rules(at.node.string).most);
      return true;
    case Word::min_length:
      count(at, rules(at.node.string).least);
      return true;
    case Word::pattern:
      if (!at.place.value.is(Kind::string)) return complain(at, "must be a string"), true;
      rules(at.node.string).pattern = pattern(at.place, Text(at.place.value).view());
      return true;
    case Word::format: {
      if (!at.place.value.is(Kind::string)) return complain(at, "must be a string"), true;
      const bool asserts = options_.assert_formats || documents_.resources()[at.schema.resource].dialect.asserts_formats;
      const FormatCheck check = asserts ? find_format(at.place.value.string()) : nullptr;
      if (check != nullptr) rules(at.node.string).format = check;
      return true;
    }
    default:
      return false;
  }
}

void Compiler::list(const At& at, std::vector<const Node*>& nodes) {
  if (!at.place.value.is(Kind::array) || at.place.value.size() == 0)
    return complain(at, "must be an array of schemas, not empty");
  for (const Value element : at.place.value.elements()) {
    nodes.push_back(node_for(documents_.below(at.place, std::to_string(nodes.size()), element)));
  }
}

bool Compiler::array_keyword(const At& at, Word word) {
  const auto array = [&at]() -> ArrayRules& { return rules(at.node.array); };
  switch (word) {
    case Word::max_items:
      count(at, array().most);
      return true;
    case Word::min_items:
      count(at, array().least);
      return true;
    case Word::unique_items:
      if (!at.place.value.is(Kind::boolean)) complain(at, "must be true or false");
      if (at.place.value.boolean()) array().unique = true;
      return true;
    case Word::contains:
      array().contains = node_for(at.place);
      array().contains_marks = !at.draft07;
      return true;
    case Word::max_contains:
      count(at, array().most_contains);
      return true;
    case Word::min_contains:
      count(at, array().least_contains);
      return true;
    case Word::prefix_items:
      list(at, array().prefix);
      return true;
    case Word::items:
      if (at.draft07 && at.place.value.is(Kind::array)) {
        if (at.place.value.size() > 0) list(at, array().prefix);
        return true;
      }
      array().rest = node_for(at.place);
      array().rest_keyword = at.keyword;
      return true;
    case Word::additional_items:
      if (!at.schema.value.find("items").is(Kind::array)) return true;
      array().rest = node_for(at.place);
      array().rest_keyword = at.keyword;
      return true;
    case Word::unevaluated_items:
      at.node.unevaluated_items = node_for(at.place);
      return true;
    default:
      return false;
  }
}

/// An array of names, each of which goes to `each`.
void Compiler::names(const Place& place, const auto& each) {
  bool good = place.value.is(Kind::array);
  for (const Value name : place.value.elements()) {
    good = good && name.is(Kind::string);
    if (good) each(own(name));
  }
  if (!good) problems_.add(place.pointer, "must be an array of names");
}

void Compiler::properties(const At& at) {
  ObjectRules& object = rules(at.node.object);
  for (const json::Member one : at.place.value.members()) {
    std::string name = own(one.key);
    const Node* const node = node_for(documents_.below(at.place, name, one.value));
    object.properties.push_back({std::move(name), node, false});
  }
}

void Compiler::dependent(const At& at, const Place& place, std::string name) {
  Dependent dependent{at.keyword, std::move(name), {}, nullptr};
  if (place.value.is(Kind::array)) {
    names(place, [&](std::string other) { dependent.required.push_back(std::move(other)); });
  } else {
    dependent.schema = node_for(place);
  }
  rules(at.node.object).dependents.push_back(std::move(dependent));
}

void Compiler::dependents(const At& at) {
  if (!at.place.value.is(Kind::object)) return complain(at, "must be an object");
  for (const json::Member one : at.place.value.members()) {
    std::string name = own(one.key);
    const Place place = documents_.below(at.place, name, one.value);
    if (at.keyword == "dependentRequired" && !one.value.is(Kind::array)) {
      problems_.add(place.pointer, "must be an array of names");
    } else if (at.keyword == "dependentSchemas" && one.value.is(Kind::array)) {
      problems_.add(place.pointer, "a schema is an object, true or false");
    } else {
      dependent(at, place, std::move(name));
    }
  }
}

bool Compiler::object_keyword(const At& at, Word word) {
  const auto object = [&at]() -> ObjectRules& { return rules(at.node.object); };
  switch (word) {
    case Word::max_properties:
      count(at, object().most);
      return true;
    case Word::min_properties:
      count(at, object().least);
      return true;
    case Word::required:
      names(at.place, [&](std::string name) { object().properties.push_back({std::move(name), nullptr, true}); });
      return true;
    case Word::dependent_required:
    case Word::dependent_schemas:
    case Word::dependencies:
      dependents(at);
      return true;
    case Word::properties:
      properties(at);
      return true;
    case Word::pattern_properties:
      for (const json::Member one : at.place.value.members()) {
        const Place place = documents_.below(at.place, own(one.key), one.value);
        auto compiled = pattern(place, Text(one.key).view());
        if (compiled) object().patterns.emplace_back(*std::move(compiled), node_for(place));
      }
      return true;
    case Word::additional_properties:
      object().additional = node_for(at.place);
      return true;
    case Word::property_names:
      object().names = node_for(at.place);
      return true;
    case Word::unevaluated_properties:
      at.node.unevaluated_properties = node_for(at.place);
      return true;
    default:
      return false;
  }
}

bool Compiler::in_place_keyword(const At& at, Word word) {
  const auto also = [&at]() -> InPlace& { return rules(at.node.in_place); };
  switch (word) {
    case Word::all_of:
      list(at, also().all);
      return true;
    case Word::any_of:
      list(at, also().any);
      return true;
    case Word::one_of:
      list(at, also().one);
      return true;
    case Word::negation:
      also().negated = node_for(at.place);
      return true;
    case Word::condition:
      also().condition = node_for(at.place);
      return true;
    case Word::consequence:
      also().consequence = node_for(at.place);
      return true;
    case Word::alternative:
      also().alternative = node_for(at.place);
      return true;
    default:
      return false;
  }
}

}  // namespace durward::schema
