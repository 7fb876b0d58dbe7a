#include <catch2/catch.hpp>

#include "config/load.hpp"

using namespace durward::config;

namespace {

PolicySettings good(const std::string& text) {
  auto loaded = parse_policy(text, "policy.yaml");
  INFO(render(loaded));
  REQUIRE(loaded.value.has_value());
  return std::move(*loaded.value);
}

}  // namespace

TEST_CASE("a policy that only lists tools leaves everything else absent") {
  const PolicySettings policy = good("tools: {allowlist: [\"*\"]}\n");
  CHECK(policy.file == "policy.yaml");
  REQUIRE(policy.allowlist.size() == 1);
  CHECK(policy.allowlist[0].value == "*");
  CHECK(policy.allowlist[0].where.file == "policy.yaml");
  CHECK(policy.allowlist[0].where.line == 1);
  CHECK(policy.allowlist[0].where.column == 21);
  CHECK(policy.denylist.empty());
  CHECK(policy.tenant.empty());
  CHECK(policy.default_retention.empty());
  CHECK(policy.servers.empty());
  CHECK(policy.mode == Mode::enforce);
  CHECK_FALSE(policy.deny_on);
  CHECK_FALSE(policy.escalate_on);
}

TEST_CASE("every key of a policy is read") {
  const PolicySettings policy = good(R"(tenant: my-app
default_retention: "30d"
tools:
  allowlist:
    - "mcp://db/*@*"
    - mcp://files/read
  denylist: ["mcp://db/drop"]
servers:
  db:
    methods: [resources/read]
    prompts: []
  files: {resources: ["file:///srv/*"]}
enforcement:
  mode: observe
  deny_on: [tool_not_in_allowlist]
  escalate_on: [version_unpinned, integrity_violation]
)");
  CHECK(policy.tenant == "my-app");
  CHECK(policy.default_retention == "30d");
  REQUIRE(policy.allowlist.size() == 2);
  CHECK(policy.allowlist[1].value == "mcp://files/read");
  CHECK(policy.allowlist[1].where.line == 6);
  REQUIRE(policy.denylist.size() == 1);
  CHECK(policy.mode == Mode::observe);
  REQUIRE(policy.deny_on);
  CHECK(policy.deny_on->at(0).where.line == 15);
  REQUIRE(policy.escalate_on);
  CHECK(policy.escalate_on->size() == 2);
  const PolicyServer& db = policy.servers.at("db");
  CHECK(db.where.line == 9);
  REQUIRE(db.methods);
  CHECK(db.methods->at(0).value == "resources/read");
  REQUIRE(db.prompts);
  CHECK(db.prompts->empty());
  CHECK_FALSE(db.resources);
  CHECK(policy.servers.at("files").resources->at(0).value == "file:///srv/*");
}

TEST_CASE("an empty list is present, and differs from an absent one") {
  const PolicySettings policy = good("tools: {allowlist: []}\nenforcement: {deny_on: []}\n");
  REQUIRE(policy.deny_on);
  CHECK(policy.deny_on->empty());
  CHECK_FALSE(policy.escalate_on);
}

TEST_CASE("each retention label is taken as it is") {
  for (const std::string label : {"30d", "90d", "180d"}) {
    CHECK(good("default_retention: " + label + "\ntools: {allowlist: []}\n").default_retention == label);
  }
}
