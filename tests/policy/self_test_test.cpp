#include "policy/self_test.hpp"

#include <catch2/catch.hpp>

#include "config/load.hpp"

using namespace durward;
using namespace durward::policy;

namespace {

std::shared_ptr<const Rulebook> compile(const std::string& text) {
  const auto loaded = config::parse_policy(text, "policy.yaml");
  INFO(config::render(loaded));
  REQUIRE(loaded.value);
  std::map<std::string, config::Server> servers;
  servers["s"].name = "s";
  std::vector<config::Diagnostic> diagnostics;
  auto book = Rulebook::compile(*loaded.value, servers, diagnostics);
  REQUIRE(book);
  return book;
}

}  // namespace

TEST_CASE("the self-test finds nothing in rulebooks of every mode") {
  for (const char* policy : {"tools: {allowlist: [\"*\"]}\n", "tools: {allowlist: [\"*\"]}\nenforcement: {mode: observe}\n",
                             "tools: {allowlist: [\"mcp://s/t\"]}\npermissions: {s: {consent: [mutate]}}\n"}) {
    const auto wrong = self_test(*compile(policy), {"s"});
    INFO(wrong.value_or(""));
    CHECK_FALSE(wrong);
  }
}

TEST_CASE("the self-test finds whoever allows everything, forgets methods, or answers in two ways") {
  const auto book = compile("tools: {allowlist: [\"*\"]}\n");
  const auto of = [&](const Naming& naming) { return book->judge(anonymous("x"), naming); };
  const auto all = [](const Principal&, const Naming&) { return Decision{}; };
  CHECK(self_test(Judging(all), {"s"}) == "tools/call of a server that is not there is not denied");
  const auto no_methods = [&](const Principal&, const Naming& naming) {
    return naming.server == "s" ? Decision{} : of(naming);
  };
  CHECK(self_test(Judging(no_methods), {"s"}) == "a method that no revision has is not denied for the server `s`");
  int asked = 0;
  const auto moody = [&](const Principal&, const Naming& naming) {
    Decision out = of(naming);
    if (naming.target == Target::tool) out.rules.push_back(std::to_string(++asked));
    return out;
  };
  CHECK(self_test(Judging(moody), {"s"}) == "the same question about the server `s` gets two answers");
}
