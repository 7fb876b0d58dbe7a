#include <algorithm>
#include <catch2/catch.hpp>

#include "config/load.hpp"
#include "policy/authn/issuer.hpp"
#include "policy/rulebook.hpp"
#include "policy/rules/rules.hpp"
#include "tests/policy/book.hpp"
#include "tests/policy/jose/issuer.hpp"

using namespace durward;
using namespace durward::policy;

namespace {

constexpr std::int64_t kMonday = 1'764'547'200;  // 2025-12-01 00:00:00 UTC

std::map<std::string, config::Server> servers() {
  std::map<std::string, config::Server> out;
  for (const char* name : {"files", "db"}) out[name].name = name;
  out["db"].tools = {{{"read_*", {}}, {config::ToolKind::read}},
                     {{"run", {}}, {config::ToolKind::exec, config::ToolKind::egress}}};
  return out;
}

/// rules: YAML of the list, each line indented by two. more: further keys.
std::shared_ptr<const Rulebook> compile(const std::string& rules, const std::string& more = "") {
  const std::string text = "tools: {allowlist: [\"*\"]}\n" + more + "rules:\n" + rules;
  const auto loaded = config::parse_policy(text, "policy.yaml");
  INFO(config::render(loaded));
  REQUIRE(loaded.value);
  std::vector<config::Diagnostic> diagnostics;
  auto book = Rulebook::compile(*loaded.value, servers(), diagnostics);
  INFO(config::render(diagnostics, text));
  REQUIRE(book);
  return book;
}

/// A caller with a verified token of these claims, JSON members behind a comma.
Principal holder(const std::string& claims, std::vector<std::string> asked = {}) {
  config::JwtAuthn settings;
  settings.issuer.value = tests::kIssuer;
  settings.tenants.emplace();
  for (const char* tenant : {"acme", "other"}) settings.tenants->push_back({tenant, {}});
  settings.email_trusted = true;
  const tests::Signer& signer = tests::issuer().ed;
  tests::Payload payload;
  payload.more = claims;
  auto token = jose::read(signer.compact(signer.header(), payload.text()));
  REQUIRE(token);
  const auto key = tests::issuer().keys.find(*token);
  REQUIRE(key);
  auto verified = jose::verify(*std::move(token), **key);
  REQUIRE(verified);
  auto who = authn::Issuer(settings, std::move(asked)).principal(*verified);
  if (!who) FAIL(who.error().name());
  return *who;
}

struct Said {
  std::string verdict;  // "allow", "deny", "escalate"
  std::vector<std::string> codes;
  std::vector<std::string> rules;
  bool operator==(const Said&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Said& said) {
  out << said.verdict;
  for (const auto& code : said.codes) out << ' ' << code;
  return out;
}

struct Question {
  std::string server = "files", tool = "write";
  std::string arguments = "{}";
  Principal who = anonymous("acme");
  std::int64_t now = kMonday + 12 * 3600;
  std::string version{};
};

Decision decide(const Rulebook& book, const Question& question) {
  const auto document = json::Document::parse(question.arguments);
  REQUIRE(document);
  auto granted = grant(book, question.who, tests::call(question.server, question.tool, question.version));
  REQUIRE(granted);
  Call call;
  call.arguments = document->root();
  call.now = question.now;
  auto cleared = decide(book, *std::move(granted), call);
  return cleared ? cleared->decision() : cleared.error().decision;
}

Said ask(const Rulebook& book, const Question& question) {
  const Decision decision = decide(book, question);
  Said said{std::string(name(decision.verdict)), {}, decision.rules};
  for (const Finding& finding : decision.findings) {
    const std::string code = finding.code == Code::rule ? "rule:" + finding.rule : std::string(info(finding.code).name);
    said.codes.push_back(code + "=" + std::string(name(finding.effect)));
  }
  std::erase(said.rules, "*");
  return said;
}

std::string verdict(const Rulebook& book, const std::string& arguments) { return ask(book, {.arguments = arguments}).verdict; }

/// The verdict where one deny rule asks these predicates of /a: "deny" matched, "allow" not, "error" could not be asked.
std::string asked(const std::string& predicates, const std::string& arguments) {
  const auto book = compile("  - {id: r, when: {arguments: [{at: /a, " + predicates + "}]}, effect: deny}\n");
  const Decision decision = decide(*book, {.arguments = arguments});
  const bool error = std::any_of(decision.findings.begin(), decision.findings.end(),
                                 [](const Finding& one) { return one.code == Code::policy_error; });
  return error ? "error" : std::string(name(decision.verdict));
}

}  // namespace

TEST_CASE("rules: each predicate holds of what it says, and of nothing else") {
  struct Row {
    const char* predicates;
    const char* arguments;
    const char* verdict;
  };
  const std::vector<Row> rows{
      {"exists: true", R"({"a":1})", "deny"},
      {"exists: true", R"({"a":null})", "deny"},
      {"exists: true", R"({})", "allow"},
      {"exists: false", R"({})", "deny"},
      {"exists: false", R"({"a":null})", "allow"},
      {"type: string", R"({"a":"x"})", "deny"},
      {"type: string", R"({"a":1})", "allow"},
      {"type: [string, \"null\"]", R"({"a":null})", "deny"},
      {"type: number", R"({"a":1.5})", "deny"},
      {"type: integer", R"({"a":1.5})", "allow"},
      {"type: integer", R"({"a":1.0})", "deny"},
      {"type: array", R"({"a":[]})", "deny"},
      {"type: object", R"({"a":{}})", "deny"},
      {"type: boolean", R"({"a":true})", "deny"},
      {"type: string", R"({})", "error"},
      {"eq: x", R"({"a":"x"})", "deny"},
      {"eq: x", R"({"a":"\u0078"})", "deny"},
      {"eq: x", R"({"a":"X"})", "allow"},
      {"eq: x", R"({"a":["x"]})", "allow"},
      {"eq: 1", R"({"a":1.0})", "deny"},
      {"eq: 1", R"({"a":1e0})", "deny"},
      {"eq: 1", R"({"a":"1"})", "allow"},
      {"eq: 9007199254740993", R"({"a":9007199254740992})", "allow"},
      {"eq: 9007199254740993", R"({"a":9007199254740993.0})", "deny"},
      {"eq: true", R"({"a":true})", "deny"},
      {"eq: true", R"({"a":"true"})", "allow"},
      {"eq: x", R"({})", "error"},
      {"in: [x, 2, false]", R"({"a":2.0})", "deny"},
      {"in: [x, 2, false]", R"({"a":false})", "deny"},
      {"in: [x, 2, false]", R"({"a":3})", "allow"},
      {"prefix: /srv/", R"({"a":"/srv/x"})", "deny"},
      {"prefix: /srv/", R"({"a":"/srv"})", "allow"},
      {"prefix: [/a, /b]", R"({"a":"/bc"})", "deny"},
      {"prefix: /srv/", R"({"a":5})", "error"},
      {"suffix: .pem", R"({"a":"k.pem"})", "deny"},
      {"suffix: .pem", R"({"a":"k.pem "})", "allow"},
      {"glob: \"*secret*\"", R"({"a":"my secrets"})", "deny"},
      {"glob: \"a/*/b\"", R"({"a":"a/x/y/b"})", "deny"},
      {"glob: \"*.pem\"", R"({"a":["x.pem"]})", "error"},
      {"regex: \"^[a-z]+$\"", R"({"a":"abc"})", "deny"},
      {"regex: \"^[a-z]+$\"", R"({"a":"abc1"})", "allow"},
      {"regex: \"(?i)drop\"", R"({"a":"x DROP y"})", "deny"},
      {"regex: [aaa, bbb]", R"({"a":"xbbbx"})", "deny"},
      {"gt: 1000", R"({"a":1000.0000000000000000001})", "deny"},
      {"gt: 1000", R"({"a":1000})", "allow"},
      {"gt: 1000", R"({"a":1e400})", "deny"},
      {"gt: 1000", R"({"a":"2000"})", "error"},
      {"gt: 1000", R"({"a":1e9999999999999})", "error"},
      {"gt: 1000", R"({})", "error"},
      {"ge: 0.1", R"({"a":0.10})", "deny"},
      {"lt: -1", R"({"a":-1.5})", "deny"},
      {"lt: -1", R"({"a":-1})", "allow"},
      {"le: 5", R"({"a":5})", "deny"},
      {"gt: 1, le: 5", R"({"a":5})", "deny"},
      {"gt: 1, le: 5", R"({"a":6})", "allow"},
      {"size_gt: 3", R"({"a":"abcd"})", "deny"},
      {"size_gt: 3", R"({"a":"abc"})", "allow"},
      {"size_gt: 3", R"({"a":"\u00e9\u00e9"})", "deny"},
      {"size_gt: 1", R"({"a":[1,2]})", "deny"},
      {"size_gt: 1", R"({"a":{"x":1}})", "allow"},
      {"size_gt: 1", R"({"a":12345})", "error"},
      {"url_host: api.example.com", R"({"a":"https://api.example.com/x"})", "deny"},
      {"url_host: api.example.com", R"({"a":"https://api.example.com.evil.example/"})", "allow"},
      {"url_host: api.example.com", R"({"a":"https://api.example.com@evil.example/"})", "error"},
      {"url_host: api.example.com", R"({"a":"api.example.com"})", "error"},
      {"url_host: [\"*.example.org\", api.example.com]", R"({"a":"https://a.example.org/"})", "deny"},
      {"cidr: 10.0.0.0/8", R"({"a":"10.1.2.3"})", "deny"},
      {"cidr: 10.0.0.0/8", R"({"a":"http://10.1.2.3:8080/x"})", "deny"},
      {"cidr: 10.0.0.0/8", R"({"a":"11.1.2.3"})", "allow"},
      {"cidr: 10.0.0.0/8", R"({"a":"0xa010203"})", "error"},
      {"cidr: 10.0.0.0/8", R"({"a":"db.example.com"})", "allow"},
      {"path_under: /srv/agent", R"({"a":"/srv/agent/x/y"})", "deny"},
      {"path_under: /srv/agent", R"({"a":"/srv/agent/../x"})", "allow"},
      {"path_under: /srv/agent", R"({"a":"/srv/agents"})", "allow"},
      {"path_under: /srv/agent", R"({"a":"/srv/agent/%2e%2e/x"})", "error"},
      {"path_under: [/srv/agent/, /srv/other]", R"({"a":"/srv/other/x"})", "deny"},
      {"sql: [delete, drop]", R"({"a":"delete from t"})", "deny"},
      {"sql: [delete, drop]", R"({"a":"select 1"})", "allow"},
      {"sql: [delete, drop]", R"({"a":"with x as (delete from t returning 1) select * from x"})", "deny"},
      {"sql: [delete, drop]", R"({"a":"select 1; select 2"})", "deny"},
      {"sql: [delete, drop]", R"({"a":"select 'unfinished"})", "deny"},
      {"sql: [delete, drop]", R"({"a":["drop table t"]})", "error"},
      {"shell: [recursive_delete, privilege]", R"({"a":"ls; r''m -rf /srv/x"})", "deny"},
      {"shell: [recursive_delete, privilege]", R"({"a":"sudo id"})", "deny"},
      {"shell: [recursive_delete, privilege]", R"({"a":"ls -l"})", "allow"},
      {"shell: [recursive_delete, privilege]", R"({"a":"echo 'unfinished"})", "deny"},
      // What is plainly false is false, whatever else cannot be asked.
      {"exists: true, gt: 5", R"({})", "allow"},
      {"type: number, gt: 5", R"({"a":"x"})", "allow"},
      {"exists: true, gt: 5", R"({"a":6})", "deny"},
  };
  for (const Row& row : rows) {
    INFO(row.predicates << " of " << row.arguments);
    CHECK(asked(row.predicates, row.arguments) == row.verdict);
  }
}

TEST_CASE("rules: what allows by sql or shell allows what does nothing else, and nothing that is unclear") {
  const auto verdict = [](const std::string& predicates, const char* arguments) {
    const auto book = compile("  - {id: a, when: {tool: [\"mcp://files/write\"], arguments: [{at: /a, " + predicates +
                              "}]}, effect: allow}\n");
    return ask(*book, {.arguments = arguments}).verdict;
  };
  CHECK(verdict("sql: [select]", R"({"a":"select 1"})") == "allow");
  CHECK(verdict("sql: [select]", R"({"a":"select 1; select 2"})") == "deny");
  CHECK(verdict("sql: [select]", R"({"a":"update t set a = 1"})") == "deny");
  CHECK(verdict("shell: [recursive_delete]", R"({"a":"ls"})") == "allow");
  CHECK(verdict("shell: [recursive_delete]", R"({"a":"sudo ls"})") == "deny");
  CHECK(verdict("shell: [recursive_delete]", R"({"a":"ls 'x"})") == "deny");
}

TEST_CASE("rules: a pointer leads through objects and arrays, by decoded names") {
  const auto at = [](const std::string& pointer, const std::string& arguments) {
    const auto book = compile("  - {id: r, when: {arguments: [{at: \"" + pointer + "\", eq: x}]}, effect: deny}\n");
    return verdict(*book, arguments);
  };
  CHECK(at("/a/b", R"({"a":{"b":"x"}})") == "deny");
  CHECK(at("/a/b", R"({"\u0061":{"b":"x"}})") == "deny");
  CHECK(at("/a/1", R"({"a":["y","x"]})") == "deny");
  CHECK(at("/a/0", R"({"a":["y","x"]})") == "allow");
  CHECK(at("/a~1b/~0", R"({"a/b":{"~":"x"}})") == "deny");
  CHECK(decide(*compile("  - {id: r, when: {arguments: [{at: /a/01, eq: x}]}, effect: deny}\n"),
               {.arguments = R"({"a":["y","x"]})"})
            .findings[0]
            .code == Code::policy_error);
  CHECK(at("", R"({})") == "allow");
}

TEST_CASE("rules: the strictest effect wins, and every rule that matched is told") {
  const auto book = compile(R"(  - {id: one, when: {tool: ["mcp://files/*"]}, effect: allow}
  - {id: two, when: {tool: ["mcp://files/write"], arguments: [{at: /n, gt: 1}]}, effect: escalate, reason: "ask"}
  - {id: three, when: {arguments: [{at: /n, gt: 2}]}, effect: deny, reason: "never"}
)");
  CHECK(ask(*book, {.arguments = R"({"n":1})"}) == Said{"allow", {}, {"one"}});
  CHECK(ask(*book, {.arguments = R"({"n":2})"}) == Said{"escalate", {"rule:two=escalate"}, {"two", "one"}});
  CHECK(ask(*book, {.arguments = R"({"n":3})"}) ==
        Said{"deny", {"rule:two=escalate", "rule:three=deny"}, {"two", "three", "one"}});
  CHECK(decide(*book, {.arguments = R"({"n":3})"}).reason == "never");
  CHECK(decide(*book, {.arguments = R"({"n":2})"}).reason == "ask");
  CHECK(decide(*book, {.arguments = R"({"n":1})"}).reason.empty());
}

TEST_CASE("rules: a tool that an allow rule names is closed to calls that match none") {
  const auto book =
      compile(R"(  - {id: small, when: {tool: ["mcp://files/write"], arguments: [{at: /path, prefix: /srv/}]}, effect: allow}
  - {id: ops, when: {tool: ["mcp://files/write"], principal: {tenant: other}}, effect: allow}
)");
  CHECK(ask(*book, {.arguments = R"({"path":"/srv/x"})"}).verdict == "allow");
  const Question missed{.arguments = R"({"path":"/etc/x"})"};
  CHECK(ask(*book, missed) == Said{"deny", {"no_allow_rule=deny"}, {"small"}});
  CHECK(decide(*book, missed).failed == "small /path prefix");
  CHECK(ask(*book, {.arguments = R"({"path":"/etc/x"})", .who = anonymous("other")}).verdict == "allow");
  CHECK(ask(*book, {.tool = "read"}).verdict == "allow");
  CHECK(ask(*book, {.server = "db"}).verdict == "allow");
}

TEST_CASE("rules: what shadows is recorded and decides nothing, what is off is not there, and an error denies in every mode") {
  const std::string shadow = R"(  - {id: s, when: {arguments: [{at: /n, gt: 1}]}, effect: deny, mode: shadow}
  - {id: a, when: {tool: ["mcp://files/write"], arguments: [{at: /n, lt: 0}]}, effect: allow, mode: shadow}
  - {id: o, when: {tool: ["mcp://files/*"]}, effect: deny, mode: "off"}
)";
  const auto book = compile(shadow);
  CHECK(ask(*book, {.arguments = R"({"n":2})"}).codes ==
        std::vector<std::string>{"rule:s=would_deny", "no_allow_rule=would_deny"});
  CHECK(ask(*book, {.arguments = R"({"n":2})"}).verdict == "allow");
  CHECK(ask(*book, {.arguments = R"({"n":-1})"}) == Said{"allow", {}, {"a"}});
  CHECK(ask(*book, {.arguments = R"({"n":"x"})"}).verdict == "deny");
  const auto observing =
      compile("  - {id: d, when: {arguments: [{at: /n, gt: 1}]}, effect: deny}\n", "enforcement: {mode: observe}\n");
  CHECK(ask(*observing, {.arguments = R"({"n":2})"}) == Said{"allow", {"rule:d=would_deny"}, {"d"}});
  CHECK(ask(*observing, {.arguments = R"({"n":[]})"}) == Said{"deny", {"policy_error=deny"}, {"d"}});
}

TEST_CASE("rules: an empty deny_on leaves rules enforced") {
  const auto book =
      compile("  - {id: d, when: {tool: [\"mcp://files/write\"]}, effect: deny}\n", "enforcement: {deny_on: []}\n");
  CHECK(ask(*book, {}).verdict == "deny");
}

TEST_CASE("rules: principals are asked by what was verified of them") {
  struct Row {
    std::string principal, claims;
    bool holds;
  };
  const std::vector<Row> rows{
      {"tenant: acme", R"(,"org":"acme")", true},
      {"tenant: [x, acme]", R"(,"org":"acme")", true},
      {"tenant: acme", R"(,"org":"other")", false},
      {"groups: [oncall, sre]", R"(,"org":"acme","groups":["dev","sre"])", true},
      {"groups: [oncall]", R"(,"org":"acme","groups":["Oncall"])", false},
      {"groups: [oncall]", R"(,"org":"acme","roles":["oncall"])", false},
      {"roles: [admin]", R"(,"org":"acme","roles":["admin"])", true},
      {"scopes: [db.write]", R"(,"org":"acme","scope":"db.read db.write")", true},
      {"scopes: [db.write]", R"(,"org":"acme","scope":"db.writer")", false},
      {"agent: [deployer]", R"(,"org":"acme","azp":"deployer")", true},
      {"agent: [deployer]", R"(,"org":"acme")", false},
      {"users: [alice]", R"(,"org":"acme")", true},
      {"users: [a@example.com]", R"(,"org":"acme","email":"a@example.com","email_verified":true)", true},
      {"users: [a@example.com]", R"(,"org":"acme","email":"a@example.com","email_verified":false)", false},
      {"claims: {team: [infra]}", R"(,"org":"acme","team":"infra")", true},
      {"claims: {team: [infra]}", R"(,"org":"acme","team":["web","infra"])", true},
      {"claims: {team: infra}", R"(,"org":"acme")", false},
      {"tenant: acme, groups: [sre]", R"(,"org":"other","groups":["sre"])", false},
      {"tenant: acme, groups: [sre]", R"(,"org":"acme","groups":["sre"])", true},
  };
  for (const Row& row : rows) {
    INFO(row.principal << " of " << row.claims);
    const auto book = compile("  - {id: r, when: {principal: {" + row.principal + "}}, effect: deny}\n");
    const Decision decision = decide(*book, {.who = holder(row.claims, book->rules().claims())});
    CHECK((decision.verdict == Verdict::deny) == row.holds);
    CHECK(decision.facts.principal);
  }
}

TEST_CASE("rules: kinds, versions and time narrow a rule") {
  const auto kinds = compile("  - {id: k, when: {tool: [\"mcp://db/*\"], kind: [exec, mutate]}, effect: deny}\n");
  CHECK(ask(*kinds, {.server = "db", .tool = "read_x"}).verdict == "allow");
  CHECK(ask(*kinds, {.server = "db", .tool = "run"}).verdict == "deny");
  CHECK(ask(*kinds, {.server = "db", .tool = "other"}).verdict == "deny");

  const auto denied = compile("  - {id: v, when: {tool: [\"mcp://db/run@2\"]}, effect: deny}\n");
  CHECK(ask(*denied, {.server = "db", .tool = "run", .version = "1"}).verdict == "allow");
  CHECK(ask(*denied, {.server = "db", .tool = "run", .version = "2"}).verdict == "deny");
  CHECK(ask(*denied, {.server = "db", .tool = "run"}).verdict == "deny");
  const auto allowed = compile("  - {id: v, when: {tool: [\"mcp://db/run@2\"]}, effect: allow}\n");
  CHECK(ask(*allowed, {.server = "db", .tool = "run", .version = "1"}).verdict == "allow");
  CHECK(ask(*allowed, {.server = "db", .tool = "run", .version = "2"}).verdict == "allow");
  CHECK(ask(*allowed, {.server = "db", .tool = "run"}).verdict == "deny");

  const auto at = [](const std::string& time, std::int64_t now) {
    const auto book = compile("  - {id: t, when: {time: {" + time + "}}, effect: deny}\n");
    const Decision decision = decide(*book, {.now = now});
    CHECK(decision.facts.time == now);
    return decision.verdict == Verdict::deny;
  };
  constexpr std::int64_t kHour = 3600, kDay = 86'400;
  CHECK(at("days: [mon]", kMonday));
  CHECK_FALSE(at("days: [mon]", kMonday - 1));
  CHECK_FALSE(at("days: [mon]", kMonday + kDay));
  CHECK(at("days: [sun]", kMonday - 1));
  CHECK(at("days: [mon], offset: \"+01:00\"", kMonday - kHour));
  CHECK_FALSE(at("days: [mon], offset: \"-00:30\"", kMonday));
  CHECK(at("hours: \"08:00-18:00\"", kMonday + 8 * kHour));
  CHECK_FALSE(at("hours: \"08:00-18:00\"", kMonday + 18 * kHour));
  CHECK(at("hours: \"08:00-24:00\"", kMonday + 24 * kHour - 1));
  // A window over midnight belongs to the day on which it begins.
  CHECK(at("days: [mon], hours: \"22:00-06:00\"", kMonday + kDay + 5 * kHour));
  CHECK_FALSE(at("days: [mon], hours: \"22:00-06:00\"", kMonday + 5 * kHour));
  CHECK_FALSE(at("days: [mon], hours: \"22:00-06:00\"", kMonday + 12 * kHour));
  CHECK(at("days: [thu]", 0));
  CHECK(at("days: [wed], hours: \"23:00-24:00\"", -1));
}

TEST_CASE("rules: globs over tools are found whatever they begin and end with") {
  for (const char* glob : {"mcp://files/write", "mcp://files/*", "mcp://*/wr*", "mcp://files/*te", "mcp://files/w*e",
                           "mcp://files/*rit*", "mcp://f*/*", "*", "mcp://*"}) {
    INFO(glob);
    const auto book = compile(std::string("  - {id: r, when: {tool: [\"") + glob + "\"]}, effect: deny}\n");
    CHECK(ask(*book, {}).verdict == "deny");
    CHECK(ask(*book, {.server = "db", .tool = "zzz"}).verdict ==
          (std::string(glob).find("mcp://f") == 0 || std::string(glob).find("wr") != std::string::npos ? "allow" : "deny"));
  }
}

TEST_CASE("rules: the facts of a decision name what was read, with type and size, and no text") {
  const auto book = compile(
      R"(  - {id: r, when: {tool: ["mcp://files/*"], arguments: [{at: /path, prefix: /srv/}, {at: /list, size_gt: 5}]}, effect: deny}
  - {id: other, when: {tool: ["mcp://db/*"], arguments: [{at: /query, eq: x}]}, effect: deny}
)");
  const Decision decision = decide(*book, {.arguments = R"({"path":"/srv/secret","list":[1,2]})"});
  REQUIRE(decision.facts.arguments.size() == 2);
  CHECK(decision.facts.arguments[0].at == "/path");
  CHECK(decision.facts.arguments[0].type == "string");
  CHECK(decision.facts.arguments[0].size == 11);
  CHECK(decision.facts.arguments[1].type == "array");
  CHECK(decision.facts.arguments[1].size == 2);
  CHECK_FALSE(decision.facts.time);
  CHECK_FALSE(decision.facts.principal);
}

TEST_CASE("rules: among many that ask for texts of one argument those that hold are found, as when each is asked") {
  std::string rules;
  for (int i = 0; i < 12; ++i) {
    const std::string n = std::to_string(i);
    const std::string asks = i % 3 == 0   ? "prefix: [a" + n + ", z]"
                             : i % 3 == 1 ? "eq: b" + n
                                          : "exists: true, in: [b1, c" + n + "]";
    rules += "  - {id: r" + n + ", when: {arguments: [{at: /a, " + asks + "}]}, effect: escalate}\n";
  }
  const auto book = compile(rules);
  for (const char* arguments :
       {R"({"a":"a0"})", R"({"a":"a01"})", R"({"a":"\u00619"})", R"({"a":"b1"})", R"({"a":"c11"})", R"({"a":"z"})",
        R"({"a":""})", R"({"a":5})", R"({"a":["b1"]})", R"({"a":null})", R"({"b":"b1"})", R"({})"}) {
    INFO(arguments);
    const auto document = json::Document::parse(arguments);
    if (!document) continue;
    std::vector<std::string> held, unknown, said_held, said_unknown;
    const Principal who = anonymous("acme");
    const ToolRef tool{"files", "write", ""};
    for (const rules::Told& told : book->rules().explain({who, tool, 2, document->root(), 0})) {
      if (told.truth == rules::Truth::yes) held.push_back(told.rule);
      if (told.truth == rules::Truth::unknown) unknown.push_back(told.rule);
    }
    for (const Finding& one : decide(*book, {.arguments = arguments}).findings)
      (one.code == Code::rule ? said_held : said_unknown).push_back(one.rule);
    CHECK(said_held == held);
    CHECK(said_unknown == unknown);
  }
}

TEST_CASE("rules: expressions that would cost too much together deny, whatever the order of the rules") {
  std::string rules;
  for (int i = 0; i < 40; ++i)
    rules += "  - {id: r" + std::to_string(i) + ", when: {arguments: [{at: /a, regex: \"(x{1,90}y){1,5}" + std::to_string(i) +
             "\"}]}, effect: deny}\n";
  const auto book = compile(rules);
  CHECK(ask(*book, {.arguments = R"({"a":"short"})"}).verdict == "allow");
  CHECK(ask(*book, {.arguments = R"({"a":")" + std::string(1 << 20, 'x') + "\"}"}).codes.front() == "policy_error=deny");
}

TEST_CASE("rules: explaining tells each condition of each rule") {
  const auto book = compile(
      R"(  - {id: r, when: {tool: ["mcp://files/*"], kind: [read], arguments: [{at: /n, exists: true, gt: 5}]}, effect: deny}
)");
  const auto document = json::Document::parse(R"({"n":"x"})");
  const Principal who = anonymous("acme");
  const ToolRef tool{"files", "write", ""};
  const auto told =
      book->rules().explain({who, tool, static_cast<std::uint8_t>(config::ToolKind::mutate), document->root(), 0});
  REQUIRE(told.size() == 1);
  std::string text;
  for (const auto& one : told[0].conditions) text += one.what + "=" + std::string(rules::name(one.truth)) + " ";
  CHECK(text == "tool=yes kind=no /n exists=yes /n gt=unknown ");
  CHECK(told[0].truth == rules::Truth::no);
}
