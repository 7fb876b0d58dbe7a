#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "policy/json.hpp"

namespace durward::schema {

/// Which keywords a schema resource speaks.
struct Dialect {
  enum class Draft : std::uint8_t { draft07, draft2020 };
  Draft draft = Draft::draft2020;
  std::uint8_t vocabularies = 0xFF;  // bits of Vocabulary
  bool asserts_formats = false;
};

/// Those of 2020-12 whose keywords do something here. Draft 07 has none: all of them are on.
enum class Vocabulary : std::uint8_t { core = 1, applicator = 2, unevaluated = 4, validation = 8, format = 16, other = 32 };

/// Where the subschemas of a keyword's value are.
enum class Shape : std::uint8_t {
  plain,        // none
  schema,       // it is one
  list,         // an array of them
  map,          // an object of them
  one_or_list,  // draft 07: items
  map_or_names  // dependencies: an object of schemas, or of arrays of names
};

enum class Word : std::uint8_t {
  id,
  schema,
  vocabulary,
  anchor,
  dynamic_anchor,
  ref,
  dynamic_ref,
  defs,
  comment,
  type,
  constant,
  enumeration,
  multiple_of,
  maximum,
  exclusive_maximum,
  minimum,
  exclusive_minimum,
  max_length,
  min_length,
  pattern,
  max_items,
  min_items,
  unique_items,
  max_contains,
  min_contains,
  contains,
  max_properties,
  min_properties,
  required,
  dependent_required,
  prefix_items,
  items,
  additional_items,
  properties,
  pattern_properties,
  additional_properties,
  property_names,
  dependent_schemas,
  dependencies,
  all_of,
  any_of,
  one_of,
  negation,
  condition,
  consequence,
  alternative,
  unevaluated_items,
  unevaluated_properties,
  format
};

struct Keyword {
  enum class Drafts : std::uint8_t { both, draft07, draft2020 };
  std::string_view name;
  Word word;
  Vocabulary vocabulary;
  Shape shape;
  Drafts drafts;
};

/// The keyword of that name in a dialect; null for an annotation and for what is unknown, which JSON Schema ignores.
const Keyword* find_keyword(std::string_view name, const Dialect& dialect);

/// Of the dialects that are built in: 2020-12 and draft 07, by what `$schema` says, without its empty fragment.
std::optional<Dialect> known_dialect(std::string_view uri);

/// What the `$vocabulary` of a metaschema asks for; nothing if it demands one that is not known here.
std::optional<Dialect> dialect_of(json::Value vocabulary);

}  // namespace durward::schema
