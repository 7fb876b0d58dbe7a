#include <random>
#include <vector>

#include "tests/fuzz/naive_schema.hpp"
#include "tests/policy/schema/schema.hpp"

// The compiled schema beside a naive reading of the standard, over random schemas and values.
namespace durward::schema {
namespace {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t n) { return engine_() % n; }
  bool once_in(std::size_t n) { return below(n) == 0; }
  std::string name() { return std::string(1, static_cast<char>('a' + below(3))); }
  std::string number() { return std::to_string(below(4)); }

  std::string value(int depth) {
    switch (below(depth > 0 ? 8 : 5)) {
      case 0:
        return "null";
      case 1:
        return once_in(2) ? "true" : "false";
      case 2:
      case 3:
        return number();
      case 4:
        return '"' + std::string(below(4), 'x') + '"';
      case 5:
        return list([&] { return value(depth - 1); }, below(4));
      default:
        return object([&] { return value(depth - 1); });
    }
  }

  std::string schema(int depth) {
    if (depth == 0 || once_in(12)) return once_in(3) ? "false" : "true";
    std::string out;
    std::vector<bool> used(kKeywords, false);
    for (std::size_t i = below(4) + 1; i > 0; --i) {
      const std::size_t one = below(kKeywords);
      if (!used[one]) out += (out.empty() ? "" : ",") + keyword(one, depth - 1);
      used[one] = true;
    }
    return '{' + out + '}';
  }

 private:
  static constexpr std::size_t kKeywords = 33;

  std::string list(const auto& each, std::size_t count) {
    std::string out;
    for (; count > 0; --count) out += (out.empty() ? "" : ",") + each();
    return '[' + out + ']';
  }
  std::string object(const auto& each) {
    std::string out;
    for (const char* const name : {"a", "b", "c"}) {
      if (once_in(2)) out += (out.empty() ? "\"" : ",\"") + std::string(name) + "\":" + each();
    }
    return '{' + out + '}';
  }
  std::string names() { return once_in(2) ? "[\"" + name() + "\"]" : "[]"; }

  std::string keyword(std::size_t which, int depth) {
    static const std::vector<std::string> with_number = {
        "minimum",  "maximum",  "exclusiveMinimum", "exclusiveMaximum", "minLength",   "maxLength",
        "minItems", "maxItems", "minProperties",    "maxProperties",    "minContains", "maxContains"};
    static const std::vector<std::string> with_schema = {
        "items", "contains",         "additionalProperties",  "not",          "if", "then",
        "else",  "unevaluatedItems", "unevaluatedProperties", "propertyNames"};
    static const std::vector<std::string> with_list = {"allOf", "anyOf", "oneOf", "prefixItems"};
    const auto named = [](const std::string& name, const std::string& text) { return '"' + name + "\":" + text; };
    const auto inner = [&] { return schema(depth); };
    if (which < with_number.size()) return named(with_number[which], number());
    which -= with_number.size();
    if (which < with_schema.size()) return named(with_schema[which], inner());
    which -= with_schema.size();
    if (which < with_list.size()) return named(with_list[which], list(inner, below(2) + 1));
    which -= with_list.size();
    static const std::vector<std::string> types = {"null", "boolean", "integer", "number", "string", "array", "object"};
    switch (which) {
      case 0:
        return named("type", list([&] { return '"' + types[below(7)] + '"'; }, below(3) + 1));
      case 1:
        return named("enum", list([&] { return value(1); }, below(4)));
      case 2:
        return named("uniqueItems", "true");
      case 3:
        return named("required", names());
      case 4:
        return named("properties", object(inner));
      case 5:
        return named(once_in(2) ? "dependentSchemas" : "properties2", object(inner));
      default:
        return named(once_in(2) ? "dependentRequired" : "$ref", once_in(2) ? object([&] { return names(); }) : "\"#/$defs/d\"");
    }
  }

  std::mt19937 engine_;
};

}  // namespace

TEST_CASE("schema: random schemas judge random values as a naive reading of the standard does") {
  Random random(20201212);
  std::size_t compiled = 0, known = 0, valid = 0;
  for (int i = 0; i < 6'000; ++i) {
    const std::string text = R"({"$defs":{"d":)" + random.schema(2) + "},\"allOf\":[" + random.schema(4) + "]}";
    const auto schema = Schema::compile(text);
    if (!schema) continue;  // a keyword of the wrong form, or a reference to itself
    ++compiled;
    const json::Document document = tests::parse(text);
    fuzz::NaiveSchema naive(document.root());
    for (int j = 0; j < 8; ++j) {
      const std::string instance = random.value(3);
      const json::Document value = tests::parse(instance);
      const auto expected = naive.valid(value.root());
      if (!expected) continue;
      ++known;
      valid += *expected ? 1 : 0;
      const Result result = (*schema)->validate(value.root());
      if (static_cast<bool>(result) != *expected || result.verdict == Verdict::undecided) {
        CAPTURE(text, instance, *expected);
        FAIL_CHECK("another verdict");
      }
    }
  }
  CHECK(compiled > 3'000);
  CHECK(known > 20'000);
  CHECK(valid > known / 5);
  CHECK(valid < known * 4 / 5);
}

}  // namespace durward::schema
