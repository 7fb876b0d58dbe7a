#include <vector>

#include "tests/policy/schema/schema.hpp"

namespace durward::schema {

using tests::problem;

TEST_CASE("schema: what is not understood entirely is not taken, and says where") {
  struct Row {
    std::string schema, problem;
  };
  const std::vector<Row> rows = {
      {"", "not the strict JSON"},
      {R"({"type":"string","type":"null"})", "duplicate_member"},
      {"1", ": a schema is an object, true or false"},
      {R"({"type":"strnig"})", "/type: must be one of null"},
      {R"({"type":["string",1]})", "/type: names a type"},
      {R"({"type":[]})", "/type: must be one of"},
      {R"({"enum":1})", "/enum: must be an array"},
      {R"({"minimum":"1"})", "/minimum: must be a number"},
      {R"({"maximum":1e9999999999})", "/maximum: its exponent"},
      {R"({"multipleOf":0})", "/multipleOf: must be a number greater than 0"},
      {R"({"multipleOf":1.0000000000000000001})", "at most 18 digits"},
      {R"({"minLength":-1})", "/minLength: must be an integer"},
      {R"({"maxItems":1.5})", "/maxItems: must be an integer"},
      {R"({"uniqueItems":1})", "/uniqueItems: must be true or false"},
      {R"({"required":"a"})", "/required: must be an array of names"},
      {R"({"required":[1]})", "/required: must be an array of names"},
      {R"({"properties":[]})", "/properties: must be an object of schemas"},
      {R"({"properties":{"a~/b":1}})", "/properties/a~0~1b: a schema is"},
      {R"({"items":[true]})", "/items: a schema is"},
      {R"({"allOf":{}})", "/allOf: must be an array of schemas"},
      {R"({"anyOf":[]})", "/anyOf: must be an array of schemas, not empty"},
      {R"({"oneOf":[1]})", "/oneOf/0: a schema is"},
      {R"({"dependentRequired":{"a":true}})", "/dependentRequired/a: must be an array of names"},
      {R"({"format":1})", "/format: must be a string"},
      {R"({"pattern":1})", "/pattern: must be a string"},
      {R"({"pattern":"^(?=.*[A-Z]).+$"})", "/pattern: the pattern \"^(?=.*[A-Z]).+$\" is not taken: look-ahead"},
      {R"({"pattern":"("})", "not closed"},
      {R"({"patternProperties":{"(a)\\1":true}})", "back reference"},
      {R"({"$ref":"#/$defs/none"})", "/$ref: refers to \"#/$defs/none\", where there is nothing"},
      {R"({"$ref":"#none"})", "no schema there has this anchor"},
      {R"({"$ref":"https://example.com/other.json"})",
       "refers to \"https://example.com/other.json\", which is not in this document"},
      {R"({"$ref":1})", "/$ref: must be a string"},
      {R"({"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/a"}]}}})",
       "leads back to itself"},
      {R"({"$ref":"#"})", "leads back to itself"},
      {R"({"$ref":"#/$defs","$defs":{"a":{}}, "examples":[1]})", "compiled"},
      {R"({"$ref":"#/examples/0","examples":[1]})", "/examples/0: a schema is"},
      {R"({"$schema":"http://json-schema.org/draft-04/schema#"})", "/$schema: neither 2020-12 nor draft 07"},
      {R"({"$id":"a#b"})", "/$id: must not have a fragment"},
      {R"({"$anchor":"1"})", "/$anchor: is not a plain name"},
      {R"({"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}})", "/$defs/b/$anchor: is used twice"},
      {R"({"$defs":{"a":{"$id":"x"},"b":{"$id":"x"}}})", "/$defs/b/$id: another schema has the same URI"},
      {R"({"not":{"maximum":[]}})", "/not/maximum: must be a number"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.schema);
    CHECK_THAT(problem(row.schema), Catch::Contains(row.problem));
  }
}

TEST_CASE("schema: all problems are told at once, up to a bound") {
  const auto compiled = Schema::compile(R"({"minimum":"1","properties":{"a":{"type":"x"},"b":{"$ref":"#no"}}})");
  REQUIRE_FALSE(compiled);
  CHECK(compiled.error().size() == 3);
  std::string many = R"({"properties":{)";
  for (int i = 0; i < 100; ++i) many += (i == 0 ? "\"p" : ",\"p") + std::to_string(i) + R"(":{"type":"x"})";
  const auto bounded = Schema::compile(many + "}}");
  REQUIRE_FALSE(bounded);
  CHECK(bounded.error().size() == Problems::kMost);
}

TEST_CASE("schema: a metaschema that demands an unknown vocabulary is not taken") {
  Options options;
  options.known.push_back({"http://example.com/meta", R"({"$vocabulary":{"http://example.com/vocab/units":true}})"});
  CHECK_THAT(problem(R"({"$schema":"http://example.com/meta"})", options), Catch::Contains("demands a vocabulary"));
}

TEST_CASE("schema: the limits of a schema hold exactly where they stand") {
  Options options;
  const std::string text = R"({"properties":{"a":{"type":"null"},"b":{"pattern":"x"}}})";
  CHECK(problem(text, options) == "compiled");
  options.limits = {};
  options.limits.bytes = text.size();
  CHECK(problem(text, options) == "compiled");
  options.limits.bytes = text.size() - 1;
  CHECK_THAT(problem(text, options), Catch::Contains("longer than"));
  options.limits = {};
  options.limits.depth = 3;
  CHECK(problem(text, options) == "compiled");
  options.limits.depth = 2;
  CHECK_THAT(problem(text, options), Catch::Contains("depth"));
  options.limits = {};
  options.limits.subschemas = 3;
  CHECK(problem(text, options) == "compiled");
  options.limits.subschemas = 2;
  CHECK_THAT(problem(text, options), Catch::Contains("more subschemas"));
  options.limits = {};
  options.limits.patterns = 1;
  CHECK(problem(text, options) == "compiled");
  options.limits.patterns = 0;
  CHECK_THAT(problem(text, options), Catch::Contains("more patterns"));
}

TEST_CASE("schema: subschemas that only references reach count, too") {
  Options options;
  options.limits.subschemas = 3;
  const std::string text = R"({"allOf":[{"$ref":"#/x/a"},{"$ref":"#/x/b"}],"x":{"a":{},"b":{}}})";
  CHECK_THAT(problem(text, options), Catch::Contains("more subschemas"));
  options.limits.subschemas = 5;
  CHECK(problem(text, options) == "compiled");
}

}  // namespace durward::schema
