#pragma once
#include <catch2/catch.hpp>
#include <string>

#include "policy/schema/schema.hpp"

namespace durward::schema::tests {

inline json::Document parse(std::string text, std::size_t depth = 64) {
  auto document = json::Document::parse(std::move(text), {depth, 4'000'000});
  REQUIRE(document);
  return *std::move(document);
}

inline std::shared_ptr<const Schema> compile(const std::string& text, const Options& options = {}) {
  auto compiled = Schema::compile(text, options);
  if (!compiled) {
    for (const Problem& problem : compiled.error()) UNSCOPED_INFO(problem.pointer << ": " << problem.text);
    FAIL("not compiled: " << text);
  }
  return *compiled;
}

/// The first problem of a schema as "pointer: text", or "compiled".
inline std::string problem(const std::string& text, const Options& options = {}) {
  const auto compiled = Schema::compile(text, options);
  return compiled ? "compiled" : compiled.error().front().pointer + ": " + compiled.error().front().text;
}

inline std::string verdict(const Schema& schema, const std::string& instance) {
  const json::Document document = parse(instance);
  const Result result = schema.validate(document.root());
  if (result.verdict == Verdict::undecided) {
    return result.stop == Stop::work      ? "undecided: work"
           : result.stop == Stop::nesting ? "undecided: nesting"
                                          : "undecided: exponent";
  }
  CHECK(result.failures.empty() == (result.verdict == Verdict::valid));
  return result ? "valid" : "invalid";
}

/// What a model reads about a value.
inline std::string explained(const std::string& schema, const std::string& instance) {
  const json::Document document = parse(instance);
  return explain(compile(schema)->validate(document.root()));
}

}  // namespace durward::schema::tests
