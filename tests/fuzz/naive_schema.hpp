#pragma once
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "policy/json.hpp"

/// JSON Schema 2020-12 read off the standard: slow, recursive, all annotations as sets of names, nothing compiled. It shares
/// only the parser with what it is compared with, and knows when it does not know.
namespace durward::fuzz {

class NaiveSchema {
 public:
  explicit NaiveSchema(json::Value root) : root_(root) {}

  /// Nothing where schema or value go beyond what it knows, or beyond its patience.
  std::optional<bool> valid(json::Value value) {
    known_ = true;
    patience_ = 100'000;
    const Outcome outcome = check(root_, value);
    return known_ ? std::optional(outcome.valid) : std::nullopt;
  }

 private:
  using Value = json::Value;
  using Kind = json::Kind;

  struct Outcome {
    bool valid = true;
    std::set<std::string> evaluated;  // names of members, or indices
    void add(const Outcome& other) { evaluated.insert(other.evaluated.begin(), other.evaluated.end()); }
  };

  std::optional<long long> number(Value value) {
    const std::string token(value.raw());
    if (value.is(Kind::number) && token.size() < 15 && token.find_first_of(".eE") == std::string::npos)
      return std::atoll(token.c_str());
    known_ = false;
    return std::nullopt;
  }
  long long count(Value value) { return number(value).value_or(0); }

  static std::string text(Value value) { return value.string(); }
  /// Characters of valid UTF-8; a string with a lone surrogate is beyond it.
  long long length(Value value) {
    const std::string decoded = text(value);
    if (decoded.find("\xEF\xBF\xBD") != std::string::npos) known_ = false;
    long long characters = 0;
    for (const char c : decoded) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
    return characters;
  }

  bool same(Value a, Value b) {
    if (--patience_ < 0) return known_ = false;
    if (a.kind() != b.kind() || a.size() != b.size()) return false;
    if (a.is(Kind::number)) {
      const auto x = number(a), y = number(b);
      return x && y && *x == *y;
    }
    if (a.is(Kind::string)) return length(a) == length(b) && text(a) == text(b);
    if (a.is(Kind::array)) {
      for (std::size_t i = 0; i < a.size(); ++i)
        if (!same(a.at(i), b.at(i))) return false;
      return true;
    }
    if (a.is(Kind::object)) {
      for (const json::Member one : a.members()) {
        length(one.key);
        if (!b.find(text(one.key)) || !same(one.value, b.find(text(one.key)))) return false;
      }
      return true;
    }
    return a.raw() == b.raw();
  }

  bool is_type(Value value, const std::string& name) {
    if (name == "integer") return value.is(Kind::number) && number(value).has_value();
    return (name == "null" && value.is(Kind::null)) || (name == "boolean" && value.is(Kind::boolean)) ||
           (name == "number" && value.is(Kind::number)) || (name == "string" && value.is(Kind::string)) ||
           (name == "array" && value.is(Kind::array)) || (name == "object" && value.is(Kind::object));
  }

  Value target(const std::string& reference) {
    if (reference == "#") return root_;
    if (!reference.starts_with("#/")) return known_ = false, Value();
    Value at = root_;
    for (std::size_t from = 2; at && from <= reference.size();) {
      const std::size_t end = std::min(reference.find('/', from), reference.size());
      const std::string token = reference.substr(from, end - from);
      if (token.find_first_of("~%") != std::string::npos) return known_ = false, Value();
      if (at.is(Kind::array) && !token.empty() && token.size() < 5 &&
          token.find_first_not_of("0123456789") == std::string::npos) {
        at = at.at(std::strtoul(token.c_str(), nullptr, 10));
      } else {
        at = at.find(token);
      }
      from = end + 1;
    }
    if (!at) known_ = false;
    return at;
  }

  Outcome check(Value schema, Value value) {
    Outcome out;
    if (--patience_ < 0 || ++depth_ > 200) {
      known_ = false;
    } else if (schema.is(Kind::boolean)) {
      out.valid = schema.boolean();
    } else {
      known_ = known_ && schema.is(Kind::object);
      for (const json::Member one : schema.members()) known_ = known_ && knows(text(one.key));
      if (known_) assertions(schema, value, out), applicators(schema, value, out), containers(schema, value, out);
      if (known_) unevaluated(schema, value, out);
    }
    --depth_;
    return out;
  }

  static bool knows(const std::string& name) {
    static const std::set<std::string> beyond = {"pattern",      "patternProperties", "multipleOf",  "$id",
                                                 "$anchor",      "$dynamicAnchor",    "$dynamicRef", "$schema",
                                                 "dependencies", "$vocabulary"};
    return !beyond.contains(name);
  }

  void assertions(Value schema, Value value, Outcome& out) {
    const auto has = [&](const char* name) { return static_cast<bool>(schema.find(name)); };
    const auto need = [&out](bool holds) { out.valid = out.valid && holds; };
    if (const Value type = schema.find("type")) {
      bool one = type.is(Kind::string) && is_type(value, text(type));
      for (const Value name : type.elements()) one = is_type(value, text(name)) || one;
      need(one);
    }
    if (has("const")) need(same(schema.find("const"), value));
    if (const Value all = schema.find("enum")) {
      bool one = false;
      for (const Value element : all.elements()) one = same(element, value) || one;
      need(one);
    }
    if (value.is(Kind::number)) {
      for (const char* const name : {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}) {
        if (!has(name)) continue;
        const long long a = count(value), b = count(schema.find(name));
        const std::string word = name;
        need(word == "minimum" ? a >= b : word == "maximum" ? a <= b : word == "exclusiveMinimum" ? a > b : a < b);
      }
    }
    const auto between = [&](const char* least, const char* most, long long size) {
      if (has(least)) need(size >= count(schema.find(least)));
      if (has(most)) need(size <= count(schema.find(most)));
    };
    if (value.is(Kind::string)) between("minLength", "maxLength", length(value));
    if (value.is(Kind::array)) between("minItems", "maxItems", static_cast<long long>(value.size()));
    if (value.is(Kind::object)) between("minProperties", "maxProperties", static_cast<long long>(value.size()));
    if (value.is(Kind::array) && schema.find("uniqueItems").boolean()) {
      for (std::size_t i = 0; i < value.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) need(!same(value.at(i), value.at(j)));
    }
    if (!value.is(Kind::object)) return;
    for (const Value name : schema.find("required").elements()) need(static_cast<bool>(value.find(text(name))));
    for (const json::Member one : schema.find("dependentRequired").members()) {
      if (!value.find(text(one.key))) continue;
      for (const Value name : one.value.elements()) need(static_cast<bool>(value.find(text(name))));
    }
  }

  void applicators(Value schema, Value value, Outcome& out) {
    const auto apply = [&](Value other) {
      const Outcome inner = check(other, value);
      if (inner.valid) out.add(inner);
      return inner.valid;
    };
    if (const Value reference = schema.find("$ref")) {
      const Value other = target(text(reference));
      if (other && !apply(other)) out.valid = false;
    }
    for (const Value other : schema.find("allOf").elements()) out.valid = apply(other) && out.valid;
    if (const Value any = schema.find("anyOf")) {
      bool one = false;
      for (const Value other : any.elements()) one = apply(other) || one;
      out.valid = out.valid && one;
    }
    if (const Value list = schema.find("oneOf")) {
      int found = 0;
      for (const Value other : list.elements()) found += apply(other) ? 1 : 0;
      out.valid = out.valid && found == 1;
    }
    if (const Value no = schema.find("not")) out.valid = !check(no, value).valid && out.valid;
    if (const Value condition = schema.find("if")) {
      const Value next = apply(condition) ? schema.find("then") : schema.find("else");
      if (next) out.valid = apply(next) && out.valid;
    }
    if (!value.is(Kind::object)) return;
    for (const json::Member one : schema.find("dependentSchemas").members())
      if (value.find(text(one.key))) out.valid = apply(one.value) && out.valid;
  }

  void containers(Value schema, Value value, Outcome& out) {
    const auto inner = [&](Value other, Value part, const std::string& name) {
      out.valid = check(other, part).valid && out.valid;
      if (!name.empty()) out.evaluated.insert(name);
    };
    if (value.is(Kind::array)) {
      const Value prefix = schema.find("prefixItems"), items = schema.find("items"), contains = schema.find("contains");
      long long found = 0;
      for (std::size_t i = 0; i < value.size(); ++i) {
        const Value other = i < prefix.size() ? prefix.at(i) : items;
        if (other) inner(other, value.at(i), std::to_string(i));
        if (contains && check(contains, value.at(i)).valid) ++found, out.evaluated.insert(std::to_string(i));
      }
      if (!contains) return;
      out.valid = out.valid && found >= (schema.find("minContains") ? count(schema.find("minContains")) : 1);
      if (schema.find("maxContains")) out.valid = out.valid && found <= count(schema.find("maxContains"));
    }
    for (const json::Member one : value.members()) {
      length(one.key);
      const std::string name = text(one.key);
      if (const Value names = schema.find("propertyNames")) inner(names, one.key, "");
      const Value own = schema.find("properties").find(name);
      const Value other = own ? own : schema.find("additionalProperties");
      if (other) inner(other, one.value, "/" + name);
    }
  }

  void unevaluated(Value schema, Value value, Outcome& out) {
    if (const Value other = schema.find("unevaluatedItems"); other && value.is(Kind::array)) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (out.evaluated.insert(std::to_string(i)).second) out.valid = check(other, value.at(i)).valid && out.valid;
      }
    }
    if (const Value other = schema.find("unevaluatedProperties")) {
      for (const json::Member one : value.members()) {
        if (out.evaluated.insert("/" + text(one.key)).second) out.valid = check(other, one.value).valid && out.valid;
      }
    }
  }

  const Value root_;
  bool known_ = true;
  long long patience_ = 0;
  int depth_ = 0;
};

}  // namespace durward::fuzz
