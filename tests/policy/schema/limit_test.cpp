#include <vector>

#include "tests/policy/schema/schema.hpp"

namespace durward::schema {
namespace {

using tests::compile;
using tests::verdict;

std::string repeated(const std::string& text, int count, const std::string& between = "") {
  std::string out;
  for (int i = 0; i < count; ++i) out += (i == 0 ? "" : between) + text;
  return out;
}

}  // namespace

TEST_CASE("schema: work is counted, and ends at the limit exactly") {
  const std::string text = R"({"items":{"type":"integer","minimum":0},"uniqueItems":true})";
  const json::Document document = tests::parse("[1,2,3,4,5,6,7,8,9,10,11,12]");
  const std::uint64_t work = compile(text)->work_of(document.root());
  CHECK(work > 24);
  CHECK(work < 200);
  Options options;
  options.limits.work = work;
  CHECK(compile(text, options)->validate(document.root()).verdict == Verdict::valid);
  for (std::uint64_t less = 0; less < work; ++less) {
    options.limits.work = less;
    const Result result = compile(text, options)->validate(document.root());
    CHECK(result.verdict == Verdict::undecided);
    CHECK(result.stop == Stop::work);
  }
  CHECK(explain(compile(text, options)->validate(document.root())) ==
        "The value is too large to be checked against the schema.");
}

TEST_CASE("schema: what would take exponential or quadratic time is undecided, not slow") {
  const std::string deep = repeated("[", 60) + repeated("]", 60);
  CHECK(verdict(*compile(R"({"anyOf":[{"items":{"$ref":"#"},"minItems":1},{"items":{"$ref":"#"},"minItems":1}]})"), deep) ==
        "undecided: work");
  // Negated, which must not turn "no verdict" into "valid".
  CHECK(verdict(*compile(R"({"not":{"$ref":"#/$defs/a"},"$defs":{"a":
      {"anyOf":[{"items":{"$ref":"#/$defs/a"},"minItems":1},{"items":{"$ref":"#/$defs/a"},"minItems":1}]}}})"),
                deep) == "undecided: work");
  // Objects of many members, equal but for the last.
  std::string a, b;
  for (int i = 0; i < 3000; ++i) a += "\"" + std::to_string(i) + "\":0,", b.insert(0, "\"" + std::to_string(i) + "\":0,");
  CHECK(verdict(*compile(R"({"uniqueItems":true})"), "[{" + a + "\"x\":1},{" + b + "\"x\":1}]") == "undecided: work");
  // Many elements in n log n.
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += (i == 0 ? "" : ",") + std::to_string(i);
  CHECK(verdict(*compile(R"({"uniqueItems":true})"), "[" + many + "]") == "valid");
  CHECK(verdict(*compile(R"({"uniqueItems":true})"), "[" + many + ",7.0]") == "invalid");
}

TEST_CASE("schema: nesting ends at its limit") {
  Options options;
  options.limits.nesting = 10;
  const auto schema = compile(R"({"minLength":0,"items":{"$ref":"#"}})", options);
  CHECK(verdict(*schema, "[[[[]]]]") == "valid");
  CHECK(verdict(*schema, "[[[[[[]]]]]]") == "undecided: nesting");
  // The default is more than the JSON of a request may need, and little stack.
  const auto deep = compile(R"({"minItems":0,"items":{"$ref":"#"}})");
  const json::Document most = tests::parse(repeated("[", 64) + repeated("]", 64));
  CHECK(deep->validate(most.root()).verdict == Verdict::valid);
  const json::Document beyond = tests::parse(repeated("[", 1000) + repeated("]", 1000), 1000);
  CHECK(deep->validate(beyond.root()).stop == Stop::nesting);
  CHECK(explain(deep->validate(beyond.root())) == "The value is nested too deeply to be checked against the schema.");
  // Schemas within schemas at one value count as well.
  std::string chain = R"({"$ref":"#/$defs/0","$defs":{)";
  for (int i = 0; i < 600; ++i) chain += "\"" + std::to_string(i) + R"(":{"$ref":"#/$defs/)" + std::to_string(i + 1) + "\"},";
  CHECK(verdict(*compile(chain + R"("600":{"type":"null"}}})"), "null") == "undecided: nesting");
}

TEST_CASE("schema: an exponent beyond bounds gives no verdict, and is no bomb") {
  for (const char* const keyword : {R"({"maximum":1})", R"({"type":"integer"})", R"({"multipleOf":2})", R"({"const":1})",
                                    R"({"enum":[2,3]})", R"({"not":{"maximum":1}})"}) {
    CAPTURE(keyword);
    CHECK(verdict(*compile(keyword), "1e1000000001") == "undecided: exponent");
    CHECK(verdict(*compile(keyword), "1e-99999999999999999999999999") == "undecided: exponent");
  }
  CHECK(verdict(*compile(R"({"multipleOf":0.01,"minimum":5})"), "1e999999999") == "valid");
  CHECK(verdict(*compile(R"({"maximum":1})"), "1e-999999999") == "valid");
  CHECK(verdict(*compile(R"({"type":"string"})"), "1e99999999999999") == "invalid");
  CHECK(verdict(*compile(R"({"uniqueItems":true})"), "[1e1000000001,1]") == "undecided: exponent");
}

TEST_CASE("schema: a value that can't be explained within the work is still invalid") {
  Options options;
  const std::string text = R"({"anyOf":[{"items":{"const":1}},{"items":{"const":2}},{"items":{"const":3}}]})";
  const json::Document document = tests::parse("[4,4,4,4]");
  options.limits.work = compile(text)->work_of(document.root());
  const Result result = compile(text, options)->validate(document.root());
  CHECK(result.verdict == Verdict::invalid);
  CHECK_FALSE(result.failures.empty());
}

TEST_CASE("schema: the verdict is the same however the value is written") {
  const auto schema = compile(R"({"properties":{"a":{"const":[1.5,"x"]}},"required":["a"]})");
  for (const char* const text :
       {R"({"a":[1.5,"x"]})", " {\n\"\\u0061\" : [ 15e-1 , \"\\u0078\" ] } ", R"({"b":0,"a":[1.50,"x"]})"}) {
    CHECK(verdict(*schema, text) == "valid");
  }
}

}  // namespace durward::schema
