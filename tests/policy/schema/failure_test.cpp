#include <vector>

#include "tests/policy/schema/schema.hpp"

namespace durward::schema {

using tests::compile;
using tests::explained;

TEST_CASE("schema: a failure names place, expectation and keyword") {
  struct Row {
    std::string schema, instance, text;
  };
  const std::vector<Row> rows = {
      {R"({"properties":{"amount":{"maximum":100}}})", R"({"amount":101})", "/amount: must be at most 100 (maximum)"},
      {R"({"exclusiveMinimum":0})", "0", "(root): must be greater than 0 (exclusiveMinimum)"},
      {R"({"type":"object"})", "[]", "(root): must be an object (type)"},
      {R"({"type":["string","null"]})", "[]", "(root): must be one of string, null (type)"},
      {R"({"enum":["a",1]})", "2", "(root): must be one of \"a\", 1 (enum)"},
      {R"({"const":{"a":1}})", "2", "(root): must be {\"a\":1} (const)"},
      {R"({"items":{"minLength":2}})", R"(["ab","c"])", "/1: must have at least 2 characters (minLength)"},
      {R"({"properties":{"a/b":{"pattern":"^x"}}})", R"({"a/b":"secret"})", "/a~1b: must match the pattern \"^x\" (pattern)"},
      {R"({"required":["a","b"]})", R"({"b":1})", "(root): must have the property \"a\" (required)"},
      {R"({"required":["a","b"]})", "{}",
       "(root): must have the property \"a\" (required)\n(root): must have the property \"b\" (required)"},
      {R"({"properties":{"a":{},"b":{}},"additionalProperties":false})", R"({"secret":1})",
       "(root): must have no properties besides \"a\", \"b\" (additionalProperties)"},
      {R"({"additionalProperties":{"type":"null"}})", R"({"secret":1})", "/*: must be null (type)"},
      {R"({"patternProperties":{"^s":{"type":"null"}}})", R"({"secret":1})", "/*: must be null (type)"},
      {R"({"unevaluatedProperties":{"type":"null"}})", R"({"secret":1})", "/*: must be null (type)"},
      {R"({"propertyNames":{"maxLength":3}})", R"({"secret":1})", "/*: the name must have at most 3 characters (maxLength)"},
      {R"({"unevaluatedProperties":false})", R"({"secret":1})",
       "(root): must have no properties that the schema does not describe (unevaluatedProperties)"},
      {R"({"dependentRequired":{"a":["b"]}})", R"({"a":1})",
       "(root): must have the property \"b\" beside another that is there (dependentRequired)"},
      {R"({"properties":{"a":false}})", R"({"a":1})", "/a: must not be there (false)"},
      {R"({"not":{"type":"null"}})", "null", "(root): must not match what the schema excludes (not)"},
      {R"({"uniqueItems":true})", "[1,1]", "(root): must have no two equal items (uniqueItems)"},
      {R"({"contains":{"type":"null"}})", "[1]",
       "(root): must contain an item of the kind that the schema asks for (contains)"},
      {R"({"prefixItems":[true],"items":false})", "[1,2]", "(root): must have no more items than the schema describes (items)"},
      {R"({"oneOf":[{"minimum":1},{"minimum":2}]})", "3",
       "(root): must match exactly one of the alternatives in the schema, and matches several (oneOf)"},
      {R"({"anyOf":[{"type":"null"},{"type":"string"}]})", "1",
       "(root): must match at least one of the alternatives in the schema (anyOf)"},
      // Of alternatives only one is meant for a string: what that one wants is what helps.
      {R"({"anyOf":[{"type":"null"},{"type":"string","maxLength":1}]})", R"("secret")",
       "(root): must have at most 1 characters (maxLength)"},
      {R"({"minimum":1,"multipleOf":2,"enum":[4]})", "-1",
       "(root): must be one of 4 (enum)\n(root): must be at least 1 (minimum)\n(root): must be a multiple of 2 (multipleOf)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.schema);
    CHECK(explained(row.schema, row.instance) == row.text);
  }
}

TEST_CASE("schema: a failure says where in the schema, through references") {
  const auto schema = compile(R"({"properties":{"a":{"$ref":"#/$defs/n"}},"$defs":{"n":{"minimum":3}}})");
  const json::Document document = tests::parse(R"({"a":1})");
  const Result result = schema->validate(document.root());
  REQUIRE(result.failures.size() == 1);
  CHECK(result.failures[0].instance == "/a");
  CHECK(result.failures[0].keyword == "minimum");
  CHECK(result.failures[0].schema == "/$defs/n/minimum");
}

TEST_CASE("schema: what explains a failure has no text of the value, and is bounded") {
  const auto schema = compile(R"({"properties":{"list":{"items":{"type":"integer"}}},
      "additionalProperties":{"anyOf":[{"type":"null"},{"propertyNames":{"pattern":"^a$"},"additionalProperties":{"maxLength":1}}]}})");
  std::string list;
  for (int i = 0; i < 100; ++i) list += std::string(i == 0 ? "" : ",") + "\"hunter2\"";
  const json::Document document = tests::parse(R"({"list":[)" + list + R"(],"hunter2":{"hunter2":"hunter2","a":"hunter2"}})");
  const Result result = schema->validate(document.root());
  CHECK(result.failures.size() == Limits{}.failures);
  const std::string text = explain(result);
  CHECK(text.find("hunter2") == std::string::npos);
  CHECK_THAT(text, Catch::StartsWith("/list/0: must be an integer (type)\n/list/1: "));
  CHECK(explain(result, 40).size() <= 40);
  const json::Document other = tests::parse(R"({"hunter2":{"hunter2":"hunter2","a":"hunter2"}})");
  CHECK(explain(schema->validate(other.root())) ==
        "/*/*: the name must match the pattern \"^a$\" (pattern)\n/*/*: must have at most 1 characters (maxLength)\n"
        "/*/*: must have at most 1 characters (maxLength)");
}

TEST_CASE("schema: long schemas are quoted in part") {
  std::string names;
  for (int i = 0; i < 1000; ++i) names += (i == 0 ? "\"" : ",\"") + std::string("näme") + std::to_string(i) + "\"";
  const std::string text = explained(R"({"enum":[)" + names + "]}", "1");
  CHECK(text.size() < 300);
  CHECK_THAT(text, Catch::Contains("\"näme0\", \"näme1\"") && Catch::EndsWith("… (enum)"));
}

}  // namespace durward::schema
