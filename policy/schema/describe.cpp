#include <algorithm>
#include <array>
#include <vector>

#include "policy/schema/documents.hpp"
#include "policy/schema/evaluator.hpp"
#include "policy/schema/text.hpp"

// Failures in words. What they quote is the schema's.
namespace durward::schema {
namespace {

using json::Kind;
using json::Value;

constexpr std::size_t kMostQuoted = 200;  // bytes

/// Cut between two characters.
std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text + "…";
}

/// A value of the schema as it stands there; of an array its elements, of an object its names.
std::string quoted(Value value) {
  std::string out;
  const auto add = [&out](std::string_view raw) {
    if (out.size() <= kMostQuoted) out.append(out.empty() ? "" : ", ").append(raw.substr(0, kMostQuoted + 4));
  };
  for (const Value element : value.elements()) add(element.raw());
  for (const json::Member one : value.members()) add(one.key.raw());
  if (!value.is(Kind::array) && !value.is(Kind::object)) add(value.raw());
  return cut(std::move(out), kMostQuoted);
}

struct Phrase {
  std::string_view keyword;
  std::string_view before;  // what the schema says
  std::string_view after;
};
constexpr auto kPhrases = std::to_array<Phrase>({
    {"maximum", "must be at most ", ""},
    {"exclusiveMaximum", "must be less than ", ""},
    {"minimum", "must be at least ", ""},
    {"exclusiveMinimum", "must be greater than ", ""},
    {"multipleOf", "must be a multiple of ", ""},
    {"maxLength", "must have at most ", " characters"},
    {"minLength", "must have at least ", " characters"},
    {"pattern", "must match the pattern ", ""},
    {"format", "must have the format ", ""},
    {"maxItems", "must have at most ", " items"},
    {"minItems", "must have at least ", " items"},
    {"maxContains", "must contain at most ", " items of the kind that the schema asks for"},
    {"minContains", "must contain at least ", " items of the kind that the schema asks for"},
    {"maxProperties", "must have at most ", " properties"},
    {"minProperties", "must have at least ", " properties"},
    {"enum", "must be one of ", ""},
});

struct Sentence {
  std::string_view keyword;
  std::string_view text;
};
constexpr auto kSentences = std::to_array<Sentence>({
    {"uniqueItems", "must have no two equal items"},
    {"contains", "must contain an item of the kind that the schema asks for"},
    {"items", "must have no more items than the schema describes"},
    {"additionalItems", "must have no more items than the schema describes"},
    {"unevaluatedItems", "must have no items that the schema does not describe"},
    {"unevaluatedProperties", "must have no properties that the schema does not describe"},
    {"anyOf", "must match at least one of the alternatives in the schema"},
    {"not", "must not match what the schema excludes"},
    {"false", "must not be there"},
});

std::string type_words(Value type) {
  if (!type.is(Kind::array)) {
    const std::string name = type.string();
    const bool vowel = name == "array" || name == "object" || name == "integer";
    return "must be " + (name == "null" ? name : (vowel ? "an " : "a ") + name);
  }
  std::string out = "must be one of";
  for (const Value one : type.elements()) out += (out.back() == 'f' ? " " : ", ") + one.string();
  return out;
}

}  // namespace

std::string pointer_of(const Step* path) {
  std::vector<std::string> tokens;
  for (; path != nullptr; path = path->outer) {
    const bool known = path->kind == Step::Kind::known || (path->kind == Step::Kind::name && !path->name.empty());
    tokens.push_back(path->kind == Step::Kind::index ? std::to_string(path->index) : known ? pointer_token(path->name) : "*");
  }
  std::string out;
  for (auto token = tokens.rbegin(); token != tokens.rend(); ++token) out += "/" + *token;
  return out;
}

std::string expectation(std::string_view keyword, Value schema, std::string_view detail) {
  const Value own = schema.find(keyword);
  const auto* const phrase =
      std::find_if(kPhrases.begin(), kPhrases.end(), [keyword](const Phrase& one) { return one.keyword == keyword; });
  if (phrase != kPhrases.end()) return std::string(phrase->before) + quoted(own) + std::string(phrase->after);
  const auto* const sentence =
      std::find_if(kSentences.begin(), kSentences.end(), [keyword](const Sentence& one) { return one.keyword == keyword; });
  if (sentence != kSentences.end()) return std::string(sentence->text);
  if (keyword == "type") return type_words(own);
  if (keyword == "const") return "must be " + cut(std::string(own.raw().substr(0, kMostQuoted + 4)), kMostQuoted);
  if (keyword == "oneOf") {
    return detail.empty() ? "must match one of the alternatives in the schema"
                          : "must match exactly one of the alternatives in the schema, and matches several";
  }
  if (keyword == "additionalProperties") {
    const Value known = schema.find("properties");
    if (known.size() == 0) return "must have no properties";
    return "must have no properties besides " + quoted(known);
  }
  const std::string name = cut(json::quote(detail), kMostQuoted);
  if (keyword == "required") return "must have the property " + name;
  return "must have the property " + name + " beside another that is there";  // dependentRequired, dependencies
}

std::string sentence(const Failure& failure) {
  std::string out = failure.instance.empty() ? "(root)" : failure.instance;
  out += failure.name ? ": the name " : ": ";
  return out + failure.expectation + " (" + failure.keyword + ")";
}

std::string explain(const Result& result, std::size_t most_bytes) {
  if (result.verdict == Verdict::undecided) {
    switch (result.stop) {
      case Stop::nesting:
        return "The value is nested too deeply to be checked against the schema.";
      case Stop::exponent:
        return "A number in the value has an exponent beyond 1000000000.";
      default:
        return "The value is too large to be checked against the schema.";
    }
  }
  std::string out;
  for (const Failure& failure : result.failures) out.append(out.empty() ? "" : "\n").append(sentence(failure));
  return most_bytes < 4 ? std::string() : cut(std::move(out), most_bytes - 3);
}

}  // namespace durward::schema
