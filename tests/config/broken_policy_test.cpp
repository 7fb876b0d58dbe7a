#include <catch2/catch.hpp>

#include "config/load.hpp"

using namespace durward::config;

namespace {

struct Case {
  std::string text;
  int line, column;
  std::string phrase;
};

std::string plus(const std::string& more) { return "tools: {allowlist: [\"*\"]}\n" + more; }

const std::vector<Case> kCases{
    {"tenant: a\n", 1, 1, "tools.allowlist is missing: list what may be called"},
    {"tenant: a\ntools: {denylist: []}\n", 2, 1, "tools.allowlist is missing"},
    {"tools: {allowlist: }\n", 1, 9, "tools.allowlist has no value"},
    {"tools:\n", 1, 1, "tools has no value"},
    {"tools: {allowlist: \"*\"}\n", 1, 20, "tools.allowlist must be a list"},
    {"tools: {allowlist: [*]}\n", 1, 22, "a value that begins with * must stand in quotes"},
    {"tools: {allowlist: [\"\"]}\n", 1, 21, "must have 1 to 1024 bytes"},
    {"tools: {allowlist: [[a]]}\n", 1, 21, "an item of tools.allowlist must be text, found a list"},
    {"tools: {allowlist: [{a: b}]}\n", 1, 21, "must be text, found a map"},
    {"tools: {allowlist: [mcp://a/b: c]}\n", 1, 21, "must be text, found a map"},
    {"tools: {allowlist: [1]}\n", 1, 21, "without quotes this is a number"},
    {"tools: {allowlist: [\"*\"], allowlst: []}\n", 1, 27, "did you mean allowlist?"},
    {plus("enforcement: {deny_on: }\n"), 2, 15, "enforcement.deny_on has no value"},
    {plus("enforcement: {deny_on: null}\n"), 2, 15, "enforcement.deny_on has no value"},
    {plus("enforcement:\n  deny_on:\n  mode: observe\n"), 3, 3, "enforcement.deny_on has no value"},
    {plus("enforcement:\n  deny_on:\n    # - tool_not_in_allowlist\n"), 3, 3, "enforcement.deny_on has no value"},
    {plus("enforcement: {escalate_on: ~}\n"), 2, 15, "enforcement.escalate_on has no value"},
    {plus("enforcement: {mode: Observe}\n"), 2, 21, "must be enforce or observe (did you mean observe?)"},
    {plus("enforcement: {mode: off}\n"), 2, 21, "must be enforce or observe"},
    {plus("enforcement: {mode: [observe]}\n"), 2, 21, "must be a single value"},
    {plus("default_retention: 31d\n"), 2, 20, "must be 30d, 90d or 180d"},
    {plus("default_retention: 30\n"), 2, 20, "must be 30d, 90d or 180d"},
    {plus("tenant: 42\n"), 2, 9, "without quotes this is a number"},
    {plus("tenant: \"\"\n"), 2, 9, "must have 1 to 256 bytes"},
    {plus("tenant: [a]\n"), 2, 9, "tenant must be a single value, found a list"},
    {plus("servers: {db: {methods: ~}}\n"), 2, 16, "servers.db.methods has no value"},
    {plus("servers: {db: {method: []}}\n"), 2, 16, "unknown key \"method\" in servers.db: did you mean methods?"},
    {plus("servers: {db: }\n"), 2, 11, "servers.db has no value"},
    {plus("servers: {DB: {}}\n"), 2, 11, "must match [a-z0-9]"},
    {plus("servers: {db: {}, db: {}}\n"), 2, 19, "duplicate key \"db\": first on line 2"},
    {plus("rule: []\n"), 2, 1, "did you mean rules?"},
    {plus("tools: {allowlist: []}\n"), 2, 1, "duplicate key \"tools\": first on line 1"},
    {plus("tenant: \"a\nenforcement: {mode: observe}\n"), 2, 9, "closing quote is missing"},
};

}  // namespace

TEST_CASE("a broken policy is refused where it is broken, and gives no value") {
  for (const Case& one : kCases) {
    const auto loaded = parse_policy(one.text, "p.yaml");
    INFO(one.text << "\n" << render(loaded));
    CHECK_FALSE(loaded.value);
    bool found = false;
    for (const Diagnostic& diagnostic : loaded.diagnostics) {
      const bool here = diagnostic.where.line == one.line && diagnostic.where.column == one.column;
      found = found || (here && diagnostic.message.find(one.phrase) != std::string::npos);
    }
    INFO("expected at " << one.line << ":" << one.column << ": " << one.phrase);
    CHECK(found);
  }
}

TEST_CASE("several errors of a policy are told at once") {
  const auto loaded = parse_policy("tenant: 1\ntools: {allow: []}\nenforcement: {mode: on, deny_on: }\n", "p.yaml");
  INFO(render(loaded));
  CHECK_FALSE(loaded.value);
  CHECK(loaded.diagnostics.size() == 5);
}
