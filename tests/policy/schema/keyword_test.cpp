#include <vector>

#include "tests/policy/schema/schema.hpp"

namespace durward::schema {
namespace {

using tests::compile;
using tests::verdict;

struct Case {
  std::string schema;
  std::vector<std::string> valid, invalid;
};

void check(const std::vector<Case>& cases, const Options& options = {}) {
  for (const Case& one : cases) {
    const auto schema = compile(one.schema, options);
    for (const std::string& instance : one.valid) {
      CAPTURE(one.schema, instance);
      CHECK(verdict(*schema, instance) == "valid");
    }
    for (const std::string& instance : one.invalid) {
      CAPTURE(one.schema, instance);
      CHECK(verdict(*schema, instance) == "invalid");
    }
  }
}

}  // namespace

TEST_CASE("schema: types, constants and booleans") {
  check({
      {"true", {"1", "null", "{}"}, {}},
      {"{}", {"1", "null", "{}"}, {}},
      {"false", {}, {"1", "null", "{}"}},
      {R"({"type":"string"})", {R"("")"}, {"1", "null", "[]", "{}", "true"}},
      {R"({"type":"integer"})",
       {"1", "-3", "1.0", "10e1", "1.5e1", "0e999999999999", "1e400"},
       {"1.5", "15e-1", R"("1")", "1e-1"}},
      {R"({"type":"number"})", {"1", "1.5"}, {R"("1")"}},
      {R"({"type":["null","array"]})", {"null", "[1]"}, {"{}", "0"}},
      {R"({"const":{"a":[1,2.0],"b":"x"}})", {R"({"b":"\u0078","a":[1.0,2]})"}, {R"({"a":[1,2]})", R"({"a":[2,1],"b":"x"})"}},
      {R"({"const":false})", {"false"}, {"0", "true", "null"}},
      {R"({"enum":["red",3,null,[0]]})", {R"("r\u0065d")", "3e0", "null", "[-0.0]"}, {R"("Red")", "false", "[false]"}},
      {R"({"const":"\ud800"})", {R"("\ud800")"}, {R"("\ud801")", R"("\ufffd")"}},
  });
}

TEST_CASE("schema: numbers are compared exactly, however long") {
  check({
      {R"({"maximum":9007199254740992})",
       {"9007199254740992", "9007199254740991.9"},
       {"9007199254740993", "9007199254740992.1"}},
      {R"({"exclusiveMinimum":0.1})", {"0.10000000000000000000000000000000001"}, {"0.1", "1e-1", "0.100"}},
      {R"({"minimum":-1e300})", {"-1e300", "-1000e297"}, {"-1.0000000000000000000001e300"}},
      {R"({"multipleOf":0.01})", {"0.07", "4.35", "1.1", "1e300", "0", "-0.29", "9007199254740993.37"}, {"0.075", "1e-3"}},
      {R"({"multipleOf":3})",
       {"111111111111111111111111111111", "3e1000000", "-9"},
       {"111111111111111111111111111112", "1e1000000"}},
      {R"({"maximum":0,"minimum":-0.0})", {"0", "-0", "0e5", "-0.000"}, {"1e-1000000", "-1e-1000000"}},
  });
}

TEST_CASE("schema: strings") {
  check({
      {R"({"minLength":2,"maxLength":3})",
       {R"("ab")", R"("äöü")", R"("\ud83d\ude00\n")", "5"},
       {R"("a")", R"("abcd")", R"("😀")"}},
      {R"({"pattern":"^[a-z]+$"})", {R"("abc")", "1"}, {R"("aBc")", R"("abc\n")", R"("")"}},
      {R"({"pattern":"b"})", {R"("abc")"}, {R"("ac")"}},
      {R"({"minLength":1e400})", {"1"}, {R"("a")"}},
      {R"({"maxLength":2.0})", {R"("ab")"}, {R"("abc")"}},
  });
}

TEST_CASE("schema: arrays") {
  check({
      {R"({"minItems":1,"maxItems":2})", {"[1]", "[1,2]", "{}"}, {"[]", "[1,2,3]"}},
      {R"({"prefixItems":[{"type":"string"},true],"items":{"type":"integer"}})",
       {"[]", R"(["a",null,1])"},
       {"[1]", R"(["a",1,"b"])"}},
      {R"({"prefixItems":[true],"items":false})", {"[]", "[1]"}, {"[1,2]"}},
      {R"({"contains":{"const":1}})", {"[0,1]"}, {"[]", "[0]"}},
      {R"({"contains":{"const":1},"minContains":2,"maxContains":3})", {"[1,1]", "[1,1,0,1]"}, {"[1]", "[1,1,1,1]"}},
      {R"({"contains":{"const":1},"minContains":0})", {"[]", "[0]"}, {}},
      {R"({"uniqueItems":true})",
       {"[1,2,true]", R"([{"a":1},{"a":2}])", "[[1],[2]]", "[1,2,3,4,5,6,7,8,9,10,11]", R"(["1",1])"},
       {"[1,1.0]", R"([{"a":1,"b":2},{"b":2,"a":1e0}])", "[1,2,3,4,5,6,7,8,9,10,11,10e0]", R"(["a","\u0061"])"}},
      {R"({"unevaluatedItems":false,"prefixItems":[true],"contains":{"type":"string"}})", {R"([1,"a"])"}, {R"([1,"a",2])"}},
  });
}

TEST_CASE("schema: objects") {
  check({
      {R"({"properties":{"a":{"type":"integer"},"bb":{}},"required":["a","c"]})",
       {R"({"a":1,"c":0})", "1"},
       {R"({"a":1})", R"({"a":"","c":0})"}},
      {R"({"required":["a","a"]})", {R"({"\u0061":1})"}, {"{}"}},
      {R"({"properties":{"a":true},"additionalProperties":false})", {"{}", R"({"\u0061":1})"}, {R"({"a":1,"b":2})"}},
      {R"({"patternProperties":{"^x-":{"type":"string"}},"additionalProperties":{"type":"null"}})",
       {R"({"x-a":"","b":null})"},
       {R"({"x-a":null})", R"({"b":""})"}},
      {R"({"minProperties":1,"maxProperties":2})", {R"({"a":1})"}, {"{}", R"({"a":1,"b":2,"c":3})"}},
      {R"({"propertyNames":{"maxLength":2}})", {R"({"ab":1})"}, {R"({"abc":1})"}},
      {R"({"dependentRequired":{"card":["address"]}})", {"{}", R"({"card":1,"address":2})"}, {R"({"card":1})"}},
      {R"({"dependentSchemas":{"a":{"required":["b"]}}})", {"{}", R"({"b":1})", R"({"a":1,"b":1})"}, {R"({"a":1})"}},
      {R"({"dependencies":{"a":["b"],"c":{"maxProperties":1}}})",
       {R"({"a":1,"b":1})", R"({"c":1})"},
       {R"({"a":1})", R"({"c":1,"d":1})"}},
      {R"({"properties":{"a":true},"allOf":[{"properties":{"b":true}}],"unevaluatedProperties":false})",
       {R"({"a":1,"b":2})"},
       {R"({"c":1})"}},
      {R"({"anyOf":[{"properties":{"a":{"const":1}},"required":["a"]},{"properties":{"b":true},"required":["b"]}],"unevaluatedProperties":false})",
       {R"({"a":1})", R"({"a":1,"b":2})"},
       {R"({"a":2,"b":1})"}},
  });
}

TEST_CASE("schema: alternatives and conditions") {
  check({
      {R"({"allOf":[{"minimum":1},{"maximum":3}]})", {"1", "3"}, {"0", "4"}},
      {R"({"anyOf":[{"type":"string"},{"minimum":3}]})", {R"("")", "3", "null"}, {"2"}},
      {R"({"oneOf":[{"multipleOf":2},{"multipleOf":3}]})", {"2", "3"}, {"1", "6"}},
      {R"({"not":{"type":"null"}})", {"1"}, {"null"}},
      {R"({"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}})",
       {R"({"a":1,"b":1})", R"({"c":1})"},
       {R"({"a":1,"c":1})", "{}"}},
      {R"({"then":false,"else":false})", {"1"}, {}},
  });
}

TEST_CASE("schema: references, anchors and identifiers") {
  check({
      {R"({"$defs":{"n":{"type":"integer"}},"properties":{"a":{"$ref":"#/$defs/n","minimum":2}}})",
       {R"({"a":2})"},
       {R"({"a":1})", R"({"a":"x"})"}},
      {R"({"$defs":{"a/b~c%":{"type":"null"}},"$ref":"#/$defs/a~1b~0c%25"})", {"null"}, {"1"}},
      {R"({"$id":"http://example.com/a/b","$defs":{"x":{"$id":"c","$anchor":"here","type":"null"}},"$ref":"c#here"})",
       {"null"},
       {"1"}},
      {R"({"type":"object","properties":{"next":{"$ref":"#"}},"additionalProperties":false})",
       {R"({"next":{"next":{}}})"},
       {R"({"next":{"next":{"x":1}}})"}},
      {R"({"$id":"http://example.com/strict","$dynamicAnchor":"node","$ref":"tree","unevaluatedProperties":false,
           "$defs":{"tree":{"$id":"tree","$dynamicAnchor":"node","properties":{"data":true,"kids":{"items":{"$dynamicRef":"#node"}}}}}})",
       {R"({"kids":[{"data":1}]})"},
       {R"({"kids":[{"daat":1}]})"}},
      {R"({"$ref":"#/$defs/a","$dynamicRef":"#b","$defs":{"a":{"minimum":1},"b":{"$dynamicAnchor":"b","maximum":2}}})",
       {"1", "2"},
       {"0", "3"}},
      {R"({"$dynamicRef":"#b","$ref":"#/$defs/a","$defs":{"a":{"minimum":1},"b":{"$dynamicAnchor":"b","maximum":2}}})",
       {"1", "2"},
       {"0", "3"}},
      {R"({"$ref":"https://json-schema.org/draft/2020-12/schema"})",
       {R"({"type":"string","$defs":{"a":{"minimum":1}}})", "true"},
       {R"({"type":"strnig"})", R"({"$defs":{"a":{"minimum":"1"}}})", "1"}},
      {R"({"$ref":"http://json-schema.org/draft-07/schema#"})", {R"({"items":[true]})"}, {R"({"items":[1]})"}},
  });
}

TEST_CASE("schema: draft 07 where it differs, by $schema") {
  const std::string draft = R"({"$schema":"http://json-schema.org/draft-07/schema#",)";
  check({
      {draft + R"("items":[{"type":"string"}],"additionalItems":{"type":"null"}})", {R"(["a",null])"}, {"[1]", R"(["a",1])"}},
      {draft + R"("items":{"type":"string"},"additionalItems":false})", {R"(["a","b"])"}, {"[1]"}},
      {draft + R"("definitions":{"n":{"type":"null"}},"properties":{"a":{"$ref":"#/definitions/n","type":"string"}}})",
       {R"({"a":null})"},
       {R"({"a":"x"})"}},
      {draft + R"("dependencies":{"a":["b"]}})", {R"({"b":1})"}, {R"({"a":1})"}},
      {draft +
           R"("prefixItems":[false],"dependentRequired":{"a":["b"]},"unevaluatedProperties":false,"$defs":1,"minContains":"x"})",
       {"[1]", R"({"a":1})"},
       {}},
      {draft + R"("definitions":{"x":{"$id":"#here","type":"null"}},"properties":{"a":{"$ref":"#here"}}})",
       {R"({"a":null})"},
       {R"({"a":1})"}},
  });
  Options older;
  older.draft07 = true;
  check({{R"({"items":[{"type":"string"}]})", {R"(["a",1])"}, {"[1]"}}}, older);
}

TEST_CASE("schema: formats are remarks, unless they are asserted") {
  const std::string text = R"({"format":"ipv4"})";
  CHECK(verdict(*compile(text), R"("x")") == "valid");
  Options asserting;
  asserting.assert_formats = true;
  check({{text, {R"("127.0.0.1")", "1"}, {R"("x")"}}, {R"({"format":"colour"})", {R"("x")"}, {}}}, asserting);
  Options known;
  known.known.push_back({"http://example.com/meta", R"({"$id":"http://example.com/meta","$vocabulary":{
      "https://json-schema.org/draft/2020-12/vocab/core":true,"https://json-schema.org/draft/2020-12/vocab/format-assertion":true}})"});
  check({{R"({"$schema":"http://example.com/meta","format":"ipv4","minimum":3})", {R"("127.0.0.1")", "1"}, {R"("x")"}}}, known);
}

}  // namespace durward::schema
