#pragma once
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/json.hpp"
#include "policy/schema/formats.hpp"
#include "policy/schema/number.hpp"
#include "policy/schema/pattern.hpp"

/// A compiled schema. Internal to policy/schema: the compiler writes it, the evaluator reads it.
namespace durward::schema {

struct Node;

constexpr std::size_t kNoBound = std::numeric_limits<std::size_t>::max();

/// Bits of Node::types, by json::Kind; an integer is a number that `integer` admits.
constexpr std::uint8_t type_bit(json::Kind kind) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind)); }
constexpr std::uint8_t kInteger = 64;
constexpr std::uint8_t kAnyType = 63;

struct Bound {
  std::string_view keyword;
  bool upper;
  bool inclusive;
  Number number;
  std::optional<std::int64_t> small;  // the same, where it is a short integer
};

struct NumberRules {
  std::vector<Bound> bounds;
  std::optional<Divisor> multiple;
};

struct StringRules {
  std::size_t least = 0, most = kNoBound;  // code points
  std::optional<Pattern> pattern;
  FormatCheck format = nullptr;
};

struct ArrayRules {
  std::size_t least = 0, most = kNoBound;
  bool unique = false;
  std::vector<const Node*> prefix;
  const Node* rest = nullptr;  // behind the prefix
  std::string_view rest_keyword;
  const Node* contains = nullptr;
  std::size_t least_contains = 1, most_contains = kNoBound;
  bool contains_marks = false;  // what it finds is evaluated, which draft 07 does not know
};

struct Property {
  std::string name;
  const Node* schema = nullptr;
  bool required = false;
};

struct Dependent {
  std::string_view keyword;
  std::string name;
  std::vector<std::string> required;
  const Node* schema = nullptr;
};

struct ObjectRules {
  std::size_t least = 0, most = kNoBound;
  std::vector<Property> properties;  // by length, then bytes
  std::size_t required = 0;          // how many of them are
  std::vector<std::pair<Pattern, const Node*>> patterns;
  const Node* additional = nullptr;
  const Node* names = nullptr;
  std::vector<Dependent> dependents;

  const Property* find(std::string_view name) const;
};

/// Keywords that apply schemas to the same value.
struct InPlace {
  std::vector<const Node*> all, any, one;
  const Node* negated = nullptr;
  const Node* condition = nullptr;
  const Node* consequence = nullptr;
  const Node* alternative = nullptr;
};

/// One subschema. What it does not say is null, and costs nothing.
struct Node {
  json::Value schema;   // its own text: what the failures quote
  std::string pointer;  // to it
  std::uint32_t resource = 0;
  std::uint8_t types = kAnyType;
  bool accepts_all = false;  // true, {} and what holds only remarks
  bool accepts_none = false;
  json::Value constant, enumeration;
  std::unique_ptr<NumberRules> number;
  std::unique_ptr<StringRules> string;
  std::unique_ptr<ArrayRules> array;
  std::unique_ptr<ObjectRules> object;
  std::unique_ptr<InPlace> in_place;
  const Node* ref = nullptr;          // of a `$dynamicRef`: where no outer resource has the anchor
  const Node* dynamic_ref = nullptr;  // not null if it must be looked for
  std::string dynamic_anchor;
  const Node* unevaluated_items = nullptr;
  const Node* unevaluated_properties = nullptr;
};

struct DynamicAnchor {
  std::string name;
  const Node* node;
};

struct Program {
  std::vector<std::unique_ptr<json::Document>> documents;  // what all Values and views below point into
  std::deque<Node> nodes;
  std::vector<std::vector<DynamicAnchor>> dynamic_anchors;  // of each resource
  bool dynamic = false;                                     // some `$dynamicRef` must be looked for
  const Node* root = nullptr;
};

}  // namespace durward::schema
