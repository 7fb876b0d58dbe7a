#include "policy/schema/dialect.hpp"

#include <algorithm>
#include <array>

namespace durward::schema {
namespace {

using D = Keyword::Drafts;
using V = Vocabulary;
using S = Shape;

constexpr auto kKeywords = std::to_array<Keyword>({
    {"$id", Word::id, V::core, S::plain, D::both},
    {"$schema", Word::schema, V::core, S::plain, D::both},
    {"$vocabulary", Word::vocabulary, V::core, S::plain, D::draft2020},
    {"$anchor", Word::anchor, V::core, S::plain, D::draft2020},
    {"$dynamicAnchor", Word::dynamic_anchor, V::core, S::plain, D::draft2020},
    {"$ref", Word::ref, V::core, S::plain, D::both},
    {"$dynamicRef", Word::dynamic_ref, V::core, S::plain, D::draft2020},
    {"$defs", Word::defs, V::core, S::map, D::draft2020},
    {"definitions", Word::defs, V::core, S::map, D::both},
    {"$comment", Word::comment, V::core, S::plain, D::both},
    {"type", Word::type, V::validation, S::plain, D::both},
    {"const", Word::constant, V::validation, S::plain, D::both},
    {"enum", Word::enumeration, V::validation, S::plain, D::both},
    {"multipleOf", Word::multiple_of, V::validation, S::plain, D::both},
    {"maximum", Word::maximum, V::validation, S::plain, D::both},
    {"exclusiveMaximum", Word::exclusive_maximum, V::validation, S::plain, D::both},
    {"minimum", Word::minimum, V::validation, S::plain, D::both},
    {"exclusiveMinimum", Word::exclusive_minimum, V::validation, S::plain, D::both},
    {"maxLength", Word::max_length, V::validation, S::plain, D::both},
    {"minLength", Word::min_length, V::validation, S::plain, D::both},
    {"pattern", Word::pattern, V::validation, S::plain, D::both},
    {"maxItems", Word::max_items, V::validation, S::plain, D::both},
    {"minItems", Word::min_items, V::validation, S::plain, D::both},
    {"uniqueItems", Word::unique_items, V::validation, S::plain, D::both},
    {"maxContains", Word::max_contains, V::validation, S::plain, D::draft2020},
    {"minContains", Word::min_contains, V::validation, S::plain, D::draft2020},
    {"contains", Word::contains, V::applicator, S::schema, D::both},
    {"maxProperties", Word::max_properties, V::validation, S::plain, D::both},
    {"minProperties", Word::min_properties, V::validation, S::plain, D::both},
    {"required", Word::required, V::validation, S::plain, D::both},
    {"dependentRequired", Word::dependent_required, V::validation, S::plain, D::draft2020},
    {"prefixItems", Word::prefix_items, V::applicator, S::list, D::draft2020},
    {"items", Word::items, V::applicator, S::schema, D::draft2020},
    {"items", Word::items, V::applicator, S::one_or_list, D::draft07},
    {"additionalItems", Word::additional_items, V::applicator, S::schema, D::draft07},
    {"properties", Word::properties, V::applicator, S::map, D::both},
    {"patternProperties", Word::pattern_properties, V::applicator, S::map, D::both},
    {"additionalProperties", Word::additional_properties, V::applicator, S::schema, D::both},
    {"propertyNames", Word::property_names, V::applicator, S::schema, D::both},
    {"dependentSchemas", Word::dependent_schemas, V::applicator, S::map, D::draft2020},
    // 2020-12 no longer has it, but keeps it in its metaschema for what is older: ignoring it would let more through.
    {"dependencies", Word::dependencies, V::applicator, S::map_or_names, D::both},
    {"allOf", Word::all_of, V::applicator, S::list, D::both},
    {"anyOf", Word::any_of, V::applicator, S::list, D::both},
    {"oneOf", Word::one_of, V::applicator, S::list, D::both},
    {"not", Word::negation, V::applicator, S::schema, D::both},
    {"if", Word::condition, V::applicator, S::schema, D::both},
    {"then", Word::consequence, V::applicator, S::schema, D::both},
    {"else", Word::alternative, V::applicator, S::schema, D::both},
    {"unevaluatedItems", Word::unevaluated_items, V::unevaluated, S::schema, D::draft2020},
    {"unevaluatedProperties", Word::unevaluated_properties, V::unevaluated, S::schema, D::draft2020},
    {"format", Word::format, V::format, S::plain, D::both},
});

struct KnownVocabulary {
  std::string_view name;
  Vocabulary vocabulary;
};
constexpr auto kVocabularies = std::to_array<KnownVocabulary>({
    {"core", V::core},
    {"applicator", V::applicator},
    {"unevaluated", V::unevaluated},
    {"validation", V::validation},
    {"format-annotation", V::format},
    {"format-assertion", V::format},
    {"meta-data", V::other},
    {"content", V::other},
});

}  // namespace

const Keyword* find_keyword(std::string_view name, const Dialect& dialect) {
  const D draft = dialect.draft == Dialect::Draft::draft07 ? D::draft07 : D::draft2020;
  const auto* const found = std::find_if(kKeywords.begin(), kKeywords.end(), [&](const Keyword& keyword) {
    return keyword.name == name && (keyword.drafts == D::both || keyword.drafts == draft);
  });
  if (found == kKeywords.end()) return nullptr;
  return (dialect.vocabularies & static_cast<std::uint8_t>(found->vocabulary)) != 0 ? found : nullptr;
}

std::optional<Dialect> known_dialect(std::string_view uri) {
  if (uri == "https://json-schema.org/draft/2020-12/schema") return Dialect{};
  // With https it is none of its names, but is written often enough.
  if (uri == "http://json-schema.org/draft-07/schema" || uri == "https://json-schema.org/draft-07/schema") {
    return Dialect{Dialect::Draft::draft07, 0xFF, false};
  }
  return std::nullopt;
}

std::optional<Dialect> dialect_of(json::Value vocabulary) {
  constexpr std::string_view kPrefix = "https://json-schema.org/draft/2020-12/vocab/";
  Dialect dialect{Dialect::Draft::draft2020, static_cast<std::uint8_t>(V::core), false};
  for (const json::Member member : vocabulary.members()) {
    const std::string uri = member.key.string();
    const auto* const known = std::find_if(kVocabularies.begin(), kVocabularies.end(), [&](const KnownVocabulary& one) {
      return uri.starts_with(kPrefix) && std::string_view(uri).substr(kPrefix.size()) == one.name;
    });
    if (known != kVocabularies.end()) {
      dialect.vocabularies |= static_cast<std::uint8_t>(known->vocabulary);
      dialect.asserts_formats = dialect.asserts_formats || known->name == "format-assertion";
    } else if (member.value.boolean()) {
      return std::nullopt;
    }
  }
  return dialect;
}

}  // namespace durward::schema
