#include <cstdio>
#include <string>

#include "policy/schema/pattern.hpp"
#include "policy/schema/schema.hpp"
#include "tests/bench/small.hpp"

// What arguments against a tool's schema cost, what a schema costs once, and how long a step of the budget is at worst.
namespace durward::bench {
namespace {

using schema::Schema;

struct Tool {
  const char* title;
  std::string schema;
  std::string arguments;
};

const Tool kTools[] = {
    {"read a file: 3 of 4 properties", R"({"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{
        "path":{"type":"string","description":"Where"},"offset":{"type":"integer","minimum":0},
        "limit":{"type":"integer","minimum":1,"maximum":10000},"encoding":{"type":"string","enum":["utf-8","base64"]}},
        "required":["path"],"additionalProperties":false})",
     R"({"path":"src/main.cpp","offset":0,"limit":200})"},
    {"a payment: 6 properties, nested, a pattern, an enum", R"({"type":"object","properties":{
        "amount":{"type":"number","exclusiveMinimum":0,"maximum":10000,"multipleOf":0.01},"currency":{"enum":["EUR","USD","GBP"]},
        "iban":{"type":"string","pattern":"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$"},"reference":{"type":"string","maxLength":140},
        "to":{"type":"object","properties":{"name":{"type":"string","minLength":1},"country":{"type":"string","minLength":2,"maxLength":2}},
        "required":["name"],"additionalProperties":false},"urgent":{"type":"boolean"}},
        "required":["amount","currency","iban","to"],"additionalProperties":false})",
     R"({"amount":129.95,"currency":"EUR","iban":"DE02120300000000202051","reference":"Invoice 2024-117","to":{"name":"Example Ltd","country":"DE"},"urgent":false})"},
    {"an issue: anyOf with null as Pydantic writes it, $defs", R"({"$defs":{"Label":{"properties":{"name":{"type":"string"},
        "color":{"anyOf":[{"type":"string"},{"type":"null"}],"default":null}},"required":["name"],"type":"object"}},
        "properties":{"title":{"type":"string"},"body":{"anyOf":[{"type":"string"},{"type":"null"}],"default":null},
        "labels":{"items":{"$ref":"#/$defs/Label"},"type":"array"}},"required":["title"],"type":"object"})",
     R"({"title":"It does not work","body":"I have tried it twice.","labels":[{"name":"bug","color":"red"},{"name":"help","color":null}]})"},
    {"the same payment with unevaluatedProperties",
     R"({"allOf":[{"properties":{"amount":{"type":"number"},"currency":{"type":"string"}}}],
        "properties":{"iban":{"type":"string"},"reference":{"type":"string"},"to":{"type":"object"},"urgent":{"type":"boolean"}},
        "unevaluatedProperties":false})",
     R"({"amount":129.95,"currency":"EUR","iban":"DE02120300000000202051","reference":"Invoice 2024-117","to":{"name":"Example Ltd","country":"DE"},"urgent":false})"},
};

std::shared_ptr<const Schema> compile(const std::string& text, const schema::Options& options = {}) {
  const auto compiled = Schema::compile(text, options);
  require(static_cast<bool>(compiled));
  return *compiled;
}

json::Document parse(std::string text) {
  auto document = json::Document::parse(std::move(text));
  require(static_cast<bool>(document));
  return *std::move(document);
}

void tools() {
  for (const Tool& tool : kTools) {
    const auto compiled = compile(tool.schema);
    const json::Document document = parse(tool.arguments);
    measure(tool.title, 200, [&] { require(static_cast<bool>(compiled->validate(document.root()))); });
    std::printf("  %llu steps, %zu bytes held\n", static_cast<unsigned long long>(compiled->work_of(document.root())),
                compiled->bytes());
    measure("  its schema compiled", 10, [&] { require(static_cast<bool>(Schema::compile(tool.schema))); });
  }
  const auto compiled = compile(kTools[0].schema);
  const json::Document wrong = parse(R"({"path":1,"offset":-1,"color":"red"})");
  measure("read a file: refused, with three failures in words", 50,
          [&] { sink = schema::explain(compiled->validate(wrong.root())).size(); });
  const auto meta = compile(R"({"$ref":"https://json-schema.org/draft/2020-12/schema"})");
  const json::Document large = parse(kTools[1].schema);
  measure("the payment's schema against the metaschema", 5, [&] { require(static_cast<bool>(meta->validate(large.root()))); });
}

/// Values that cost much for each step: all steps of the default limit must stay under 100 ms.
void steps() {
  std::string numbers, words, members;
  for (int i = 0; i < 200'000; ++i) numbers += (i == 0 ? "" : ",") + std::to_string(i);
  for (int i = 0; i < 100'000; ++i) words += (i == 0 ? "\"" : ",\"") + std::string("\\u0061b") + std::to_string(i) + "\"";
  for (int i = 0; i < 100'000; ++i) members += (i == 0 ? "\"x" : ",\"x") + std::to_string(i) + "\":1";
  std::string random;
  for (unsigned i = 0, bits = 1; i < 60'000; ++i) random += ((bits = bits * 1664525 + 1013904223) >> 31) != 0 ? 'a' : 'b';
  const Tool worst[] = {
      {"integers", R"({"items":{"type":"integer","minimum":0}})", "[" + numbers + "]"},
      {"different integers", R"({"uniqueItems":true})", "[" + numbers + "]"},
      {"different words with escapes", R"({"uniqueItems":true,"items":{"maxLength":99}})", "[" + words + "]"},
      {"members of one object", R"({"additionalProperties":{"type":"integer"},"propertyNames":{"maxLength":9}})",
       "{" + members + "}"},
      {"alternatives", R"({"anyOf":[{"items":{"$ref":"#"},"minItems":1},{"items":{"$ref":"#"},"minItems":1}]})",
       "[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]"},
      {"a pattern that leaves the automaton", R"({"pattern":"a[ab]{100}c"})", "\"" + random.substr(0, 30'000) + "\""},
      {"a larger one", R"({"pattern":"(?:[ab]{0,30}){30}X"})", "\"" + random.substr(0, 2'000) + "\""},
      {"a pattern of letters", R"({"pattern":"^\\p{L}+$"})", "\"" + random + "\""},
  };
  for (const Tool& one : worst) {
    const auto compiled = compile(one.schema);
    const json::Document document = parse(one.arguments);
    const double time =
        measure(one.title, 1, [&] { sink = static_cast<std::size_t>(compiled->validate(document.root()).verdict); });
    const auto count = static_cast<double>(compiled->work_of(document.root()));
    std::printf("  %.0f steps, %.1f ns each, all of the limit %.0f ms\n", count, time * 1e3 / count,
                time / count * static_cast<double>(schema::Limits{}.work) / 1e3);
  }
}

}  // namespace
}  // namespace durward::bench

int main() {
  durward::bench::heading();
  durward::bench::tools();
  durward::bench::steps();
}
