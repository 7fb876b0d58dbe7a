#include "gateway/splice.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>

#include "gateway/message.hpp"

using namespace durward;
using namespace durward::gateway;

namespace {

json::Document parse(std::string text) {
  auto document = json::Document::parse(std::move(text));
  REQUIRE(document);
  return *std::move(document);
}

std::string without(const std::string& text, const std::vector<bool>& gone) {
  const json::Document document = parse(text);
  std::vector<Edit> edits;
  cut(document.root(), gone, edits);
  return apply(text, edits);
}

std::string spliced(const std::string& text, std::string_view traceparent) {
  const json::Document document = parse(text);
  auto message = read_message(document, {});
  REQUIRE(message);
  return apply(text, meta_edits(*message, traceparent));
}

}  // namespace

TEST_CASE("edits are made in any order, and other bytes stay") {
  CHECK(apply("abcdef", {{4, 5, "X"}, {0, 1, ""}, {2, 2, "+"}}) == "b+cdXf");
  CHECK(apply("abc", {}) == "abc");
}

TEST_CASE("edits that overlap or reach beyond the text are a defect") {
  CHECK_THROWS_AS(apply("abc", {{0, 2, ""}, {1, 3, ""}}), std::logic_error);
  CHECK_THROWS_AS(apply("abc", {{2, 4, ""}}), std::logic_error);
  CHECK_THROWS_AS(apply("abc", {{2, 1, ""}}), std::logic_error);
}

TEST_CASE("children go with exactly one comma, whichever go") {
  CHECK(without("[1, 2 ,3]", {true, false, false}) == "[2 ,3]");
  CHECK(without("[1, 2 ,3]", {false, true, false}) == "[1 ,3]");
  CHECK(without("[1, 2 ,3]", {false, false, true}) == "[1, 2]");
  CHECK(without("[ 1, 2 ,3 ]", {true, true, true}) == "[  ]");
  CHECK(without("{ \"a\" : 1 , \"b\":2}", {true, false}) == "{ \"b\":2}");
  // Every choice of five leaves valid JSON with just the others, in order.
  for (unsigned bits = 0; bits < 32; ++bits) {
    std::vector<bool> gone;
    std::string want = "[";
    for (unsigned i = 0; i < 5; ++i) {
      gone.push_back((bits >> i & 1U) != 0);
      if (!gone.back()) want += (want.size() > 1 ? "," : "") + std::to_string(i);
    }
    CHECK(without("[0,1,2,3,4]", gone) == want + "]");
  }
}

TEST_CASE("our prefix leaves _meta, an existing traceparent becomes ours, nothing else changes") {
  const std::string head =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t", "arguments":{"durward/x":1.0},"_meta" : )";
  CHECK(spliced(head + R"({"durward/idempotency-key":"k", "a":1e2 ,"traceparent":"old"}}})", "new") ==
        head + R"({"a":1e2 ,"traceparent":"new"}}})");
  CHECK(spliced(head + R"({"dur\u0077ard/link":{}}}})", "new") == head + "{}}}");
  CHECK(spliced(head + R"({"a":1}}})", "new") == head + R"({"a":1}}})");
  CHECK(spliced(head + R"({"traceparent":"old"}}})", "") == head + R"({"traceparent":"old"}}})");
  const std::string none = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","traceparent":"x"}})";
  CHECK(spliced(none, "new") == none);
}
