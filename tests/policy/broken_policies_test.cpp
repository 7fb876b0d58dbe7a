#include <catch2/catch.hpp>

#include "config/load.hpp"
#include "policy/rulebook.hpp"

using namespace durward;
using namespace durward::policy;

namespace {

struct Case {
  std::string text;  // from line 2 on; line 1 is the allowlist
  int line, column;
  std::string phrase;
};

std::string rule(const std::string& rest) { return "rules:\n  - {id: r, " + rest + "}\n"; }
std::string when(const std::string& rest) { return rule("when: {" + rest + "}, effect: deny"); }
std::string ask(const std::string& rest) { return when("arguments: [{at: /a, " + rest + "}]"); }

// Columns: `rule` puts its text at 13, `when` at 20, `ask` at 41.
const std::vector<Case> kCases{
    // shape
    {"rules: {}\n", 2, 8, "rules must be a list, found a map"},
    {"rules:\n", 2, 1, "rules has no value"},
    {"rules: [deny]\n", 2, 9, "an item of rules must be a map"},
    {"rules:\n  - {effect: deny}\n", 3, 5, "rules[0].id is missing"},
    {"rules:\n  - {id: r}\n", 3, 5, "rules[0].effect is missing: allow, deny or escalate"},
    {"rules:\n  - {id: \"a b\", effect: deny}\n", 3, 10, "must match [A-Za-z0-9]"},
    {"rules:\n  - {id: 7, effect: deny}\n", 3, 10, "without quotes this is a number"},
    {"rules:\n  - {id: r, effect: deny}\n  - {id: r, effect: deny}\n", 4, 10, "a rule `r` stands on line 3 already"},
    {rule("effect: denny"), 3, 21, "did you mean deny?"},
    {rule("effect: block"), 3, 21, "must be allow, deny, escalate or redact"},
    {rule("effect: redact"), 3, 21, "`redact` does not act yet"},
    {rule("efect: deny, effect: deny"), 3, 13, "unknown key \"efect\" in rules[0]: did you mean effect?"},
    {rule("effect: deny, mode: shadowed"), 3, 33, "did you mean shadow?"},
    {rule("effect: deny, mode: observe"), 3, 33, "must be enforce, shadow or off"},
    {rule("effect: deny, reason: \"\""), 3, 35, "must have 1 to 256 bytes"},
    {rule("effect: deny, when: deny"), 3, 33, "must be a map"},
    {rule("effect: deny, when:"), 3, 27, "has no value"},
    {rule("effect: deny, priority: 1"), 3, 27, "unknown key \"priority\""},
    // when
    {when("tools: [\"*\"]"), 3, 20, "did you mean tool?"},
    {when("tool: []"), 3, 26, "must name at least one"},
    {when("tool: [files/read]"), 3, 27, "a pattern is `*` or begins with `mcp://`"},
    {when("tool: [\"mcp://files\"]"), 3, 27, "a pattern names a tool"},
    {when("tool: [\"mcp://files/a@1@2\"]"), 3, 27, "at most one `@`"},
    {when("tool: [\"mcp://files/a%20b\"]"), 3, 27, "no `%`"},
    {when("tool: {a: b}"), 3, 26, "must be text, found a map"},
    {when("kind: [write]"), 3, 27, "must be read, mutate, exec or egress"},
    {when("kind: []"), 3, 26, "must name at least one of"},
    {when("kind: [read, read]"), 3, 33, "names one word twice"},
    {when("principal: {group: [a]}"), 3, 32, "did you mean groups?"},
    {when("principal: {groups: []}"), 3, 40, "must name at least one"},
    {when("principal: {groups: ~}"), 3, 32, "has no value"},
    {when("principal: {scopes: [\"a b\"]}"), 3, 41, "must be one scope"},
    {when("principal: {tenant: 5}"), 3, 40, "without quotes this is a number"},
    {when("principal: {claims: [team]}"), 3, 40, "must be a map"},
    {when("principal: {claims: {team: }}"), 3, 41, "has no value"},
    {when("principal: {claims: {team: []}}"), 3, 47, "must name at least one"},
    {when("principal: [a]"), 3, 31, "must be a map"},
    {when("action: [tool_call]"), 3, 20, "unknown key \"action\""},
    // time
    {when("time: {days: [monday]}"), 3, 34, "must be mon, tue"},
    {when("time: {days: mon, hours: \"8-18\"}"), 3, 45, "must be from-to as"},
    {when("time: {hours: \"08:00-25:00\"}"), 3, 34, "from 00:00 to 24:00"},
    {when("time: {hours: \"08:60-18:00\"}"), 3, 34, "must be from-to as"},
    {when("time: {hours: \"24:00-02:00\"}"), 3, 34, "must be from-to as"},
    {when("time: {hours: \"08:00-08:00\"}"), 3, 34, "must end at another time than it begins"},
    {when("time: {offset: \"CET\"}"), 3, 35, "must be an offset from UTC"},
    {when("time: {offset: \"+25:00\"}"), 3, 35, "must be an offset from UTC"},
    {when("time: {zone: UTC}"), 3, 27, "unknown key \"zone\""},
    {when("time: []"), 3, 26, "must be a map"},
    // arguments
    {when("arguments: {at: /a}"), 3, 31, "must be a list"},
    {when("arguments: [{eq: 1}]"), 3, 32, "rules[0].when.arguments[0].at is missing: name the argument"},
    {when("arguments: [{at: /a}]"), 3, 32, "an argument without a predicate asks nothing"},
    {when("arguments: [{at: a, eq: 1}]"), 3, 37, "must be a JSON Pointer into the arguments"},
    {when("arguments: [{at: /a/*/b, eq: 1}]"), 3, 37, "it has no wildcards"},
    {when("arguments: [{at: /a~2, eq: 1}]"), 3, 37, "must write ~ as ~0"},
    {when("arguments: [{at: /a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a, eq: 1}]"), 3, 37, "at most 16 steps"},
    {ask("equals: 1"), 3, 41, "unknown key \"equals\""},
    {ask("regexp: x"), 3, 41, "did you mean regex?"},
    {ask("eq: [1, 2]"), 3, 45, "must be text, a number, true or false, found a list"},
    {ask("eq: "), 3, 41, "has no value"},
    {ask("eq: True"), 3, 45, "true or false in lower case"},
    {ask("eq: 0x10"), 3, 45, "must be a number as JSON writes it"},
    {ask("eq: 010"), 3, 45, "must be a number as JSON writes it"},
    {ask("eq: .5"), 3, 45, "must be a number as JSON writes it"},
    {ask("in: []"), 3, 45, "must name at least one"},
    {ask("in: [[1]]"), 3, 46, "must be text, a number"},
    {ask("prefix: 5"), 3, 49, "prefix must be text: put it in quotes"},
    {ask("prefix: \"\""), 3, 49, "prefix must not be empty"},
    {ask("suffix: true"), 3, 49, "suffix must be text"},
    {ask("glob: [a, 1]"), 3, 51, "glob must be text"},
    {ask("regex: \"(a\""), 3, 48, "regex is not taken by RE2: "},
    {ask("regex: \"(?=a)b\""), 3, 48, "regex is not taken by RE2: "},
    {ask("regex: \"(a)\\\\1\""), 3, 48, "regex is not taken by RE2: "},
    {ask("regex: \"(x{1,1000}){1,1000}\""), 3, 48, "regex is not taken by RE2: "},
    {ask("gt: \"5\""), 3, 45, "gt must be a number, without quotes"},
    {ask("gt: 1e99999999999"), 3, 45, "exponent out of bounds"},
    {ask("ge: high"), 3, 45, "ge must be a number"},
    {ask("lt: true"), 3, 45, "lt must be a number"},
    {ask("le: [5]"), 3, 45, "must be text, a number, true or false"},
    {ask("gt: 5, lt: 5"), 3, 52, "no number is both `gt: 5` and `lt: 5`"},
    {ask("ge: 5, lt: 4.9"), 3, 52, "no number is both"},
    {ask("gt: 5, le: 5"), 3, 52, "no number is both"},
    {ask("exists: maybe"), 3, 49, "exists must be true or false"},
    {ask("exists: \"true\""), 3, 49, "exists must be true or false"},
    {ask("exists: false, eq: 1"), 3, 49, "leaves nothing that another predicate could hold of"},
    {ask("type: strin"), 3, 47, "did you mean `string`?"},
    {ask("type: float"), 3, 47, "type must be a type of JSON"},
    {ask("type: null"), 3, 41, "has no value"},
    {ask("size_gt: -1"), 3, 50, "must be a whole number from 0 on"},
    {ask("size_gt: 1.5"), 3, 50, "must be a whole number from 0 on"},
    {ask("size_gt: many"), 3, 50, "size_gt must be a number"},
    {ask("url_host: \"a b\""), 3, 51, "url_host is no host: "},
    {ask("url_host: 5"), 3, 51, "url_host must be text"},
    {ask("cidr: 10.0.0.0"), 3, 47, "cidr must be a network such as 10.0.0.0/8"},
    {ask("cidr: \"10.0.0.0/33\""), 3, 47, "cidr must be a network"},
    {ask("path_under: \"\""), 3, 53, "path_under must not be empty"},
    {ask("sql: [drop, remove]"), 3, 53,
     "sql must name classes of statements, such as `delete`, `ddl` or `any`: `remove` is none"},
    {ask("sql: [1]"), 3, 47, "sql must be text"},
    {ask("sql: []"), 3, 46, "must name at least one"},
    {ask("shell: [privileg]"), 3, 49, "shell must name categories of commands; did you mean `privilege`?"},
    {ask("shell: [true]"), 3, 49, "shell must be text"},
    // entitlements
    {"entitlements: {}\n", 2, 15, "entitlements.tenants is missing"},
    {"entitlements: {tenants: {}}\n", 2, 25, "must have at least one entry"},
    {"entitlements: {tenants: {acme: }}\n", 2, 26, "has no value"},
    {"entitlements: {tenants: {acme: {allow: []}}}\n", 2, 33, "unknown key \"allow\""},
    {"entitlements: {tenants: {acme: {agent_nodes: {}}}}\n", 2, 33, "unknown key \"agent_nodes\""},
    {"entitlements: {tenants: {acme: {plan: gold}}}\n", 2, 39, "no plan `gold` is written"},
    {"entitlements: {plans: {gold: {}}, tenants: {acme: {plan: golf}}}\n", 2, 58, "did you mean `gold`?"},
    {"entitlements: {default_plan: x, tenants: {acme: {}}}\n", 2, 30, "no plan `x` is written"},
    {"entitlements: {tenants: {acme: {roles: {admin: {allowlist: [x]}}}}}\n", 2, 61, "begins with `mcp://`"},
    {"entitlements: {tenants: {acme: {users: [ann]}}}\n", 2, 40, "must be a map"},
    // the seed's other keys
    {"signing: {enabled: false}\n", 2, 20, "signing.enabled cannot be false: records are always signed"},
    {"signing: {key_ref: AAAA}\n", 2, 20, "signing.key_ref must be file://"},
    {"signing: {key: \"file:///k\"}\n", 2, 11, "unknown key \"key\""},
    {"privacy: {redact_outputs: yes}\n", 2, 27, "must be true or false"},
    {"privacy: {redact_output: true}\n", 2, 11, "did you mean redact_outputs?"},
    {"security_level: high\n", 2, 17, "must be gateway or middleware"},
    {"tools: {deny_if_unpinned: true}\n", 2, 1, "duplicate key \"tools\""},
    {"security: {limits: {max_payload_kb: -1}}\n", 2, 37, "security.limits.max_payload_kb"},
    {"security: {limits: {max_payload_kb: \"64\"}}\n", 2, 37, "must be a number without quotes"},
    {"security: {limits: {max_payload_mb: 1}}\n", 2, 21, "did you mean max_payload_kb?"},
    {"security: {allow_versions: [\"1\"]}\n", 2, 28, "must be a map"},
    {"security: {allow_versions: {fles: [\"1\"]}}\n", 2, 29, "no server `fles` is configured; did you mean `files`?"},
    {"security: {allow_versions: {files: []}}\n", 2, 36, "must name at least one"},
    {"security: {allow_versions: {files: 1}}\n", 2, 36, "without quotes this is a number"},
    {"security: {egress_allow: []}\n", 2, 12, "did you mean egress_allowlist?"},
    {"limits: {max_payload_kb: 1}\n", 2, 1, "unknown key \"limits\""},
    {"threshold: 1\n", 2, 1, "unknown key \"threshold\""},
    {"enforcement: {deny_on: [tool_not_allowed]}\n", 2, 25, "`tool_not_allowed` is no code of a finding"},
    {"enforcement: {deny_on: [policy_error]}\n", 2, 25, "`policy_error` decides on its own"},
    {"enforcement: {deny_on: [rule]}\n", 2, 25, "`rule` decides on its own"},
    {"enforcement: {escalate_on: [schema_violation]}\n", 2, 29, "`schema_violation` decides on its own"},
    {"enforcement: {escalate_on: [payload_to_large]}\n", 2, 29, "did you mean `payload_too_large`?"},
    {"servers: {fils: {}}\n", 2, 11, "no server `fils` is configured; did you mean `files`?"},
};

}  // namespace

TEST_CASE("every broken policy is refused where it is broken, with a sentence") {
  std::map<std::string, config::Server> servers;
  for (const char* name : {"files", "db"}) servers[name].name = name;
  for (const Case& one : kCases) {
    const std::string text = "tools: {allowlist: [\"*\"]}\n" + one.text;
    auto loaded = config::parse_policy(text, "policy.yaml");
    const config::PolicySettings& read = loaded.value ? *loaded.value : *loaded.partial;
    const auto book = Rulebook::compile(read, servers, loaded.diagnostics);
    INFO(text << config::render(loaded));
    CHECK_FALSE((loaded.value && book));
    bool found = false;
    for (const config::Diagnostic& diagnostic : loaded.diagnostics) {
      const bool here = diagnostic.where.line == one.line && diagnostic.where.column == one.column;
      found = found || (here && diagnostic.severity == config::Severity::error &&
                        diagnostic.message.find(one.phrase) != std::string::npos);
    }
    INFO("expected at " << one.line << ":" << one.column << ": " << one.phrase);
    CHECK(found);
  }
}

TEST_CASE("rules that can change nothing are warned of, with their place") {
  std::map<std::string, config::Server> servers;
  for (const char* name : {"files", "db"}) servers[name].name = name;
  const auto said = [&](const std::string& rules, const std::string& allow = "\"*\"") {
    const std::string text = "tools: {allowlist: [" + allow + "]}\nrules:\n" + rules;
    const auto loaded = config::parse_policy(text, "policy.yaml");
    INFO(config::render(loaded));
    REQUIRE(loaded.value);
    std::vector<config::Diagnostic> diagnostics;
    CHECK(Rulebook::compile(*loaded.value, servers, diagnostics));
    std::string all;
    for (const auto& one : diagnostics) all += std::to_string(one.where.line) + ": " + one.message + "\n";
    return all;
  };
  CHECK(said("  - {id: a, when: {tool: \"mcp://files/*\"}, effect: deny}\n  - {id: b, when: {tool: \"mcp://files/x\"}, effect: "
             "escalate}\n") == "4: rule `b` changes nothing: `a` decides at least as strictly whatever it matches\n");
  CHECK(said("  - {id: a, when: {tool: \"mcp://files/*\"}, effect: escalate}\n  - {id: b, when: {tool: \"mcp://files/x\"}, "
             "effect: deny}\n")
            .empty());
  CHECK(said("  - {id: a, effect: deny}\n  - {id: b, effect: deny}\n") ==
        "4: rule `b` changes nothing: `a` decides at least as strictly whatever it matches\n");
  CHECK(said("  - {id: a, effect: deny, mode: shadow}\n  - {id: b, effect: deny}\n").find("rule `b`") == std::string::npos);
  CHECK(said("  - {id: a, when: {principal: {groups: [x, y]}}, effect: deny}\n"
             "  - {id: b, when: {principal: {groups: [x], tenant: t}, arguments: [{at: /a, eq: 1}]}, effect: deny}\n")
            .find("4: rule `b` changes nothing") == 0);
  CHECK(said("  - {id: a, when: {principal: {groups: [x]}}, effect: deny}\n  - {id: b, when: {principal: {groups: [x, y]}}, "
             "effect: deny}\n")
            .find("rule `b`") == std::string::npos);
  CHECK(said("  - {id: a, when: {tool: \"mcp://fils/x\"}, effect: deny}\n")
            .find("3: `mcp://fils/x` matches no configured server; did you mean `files`?") == 0);
  CHECK(said("  - {id: a, when: {tool: \"mcp://files/y\"}, effect: deny}\n", "\"mcp://files/x\"") ==
        "3: rule `a` is never reached: no entry of the allowlist names its tools\n");
}
