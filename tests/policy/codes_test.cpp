#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "config/load.hpp"
#include "policy/authoring.hpp"
#include "policy/codes_reference.hpp"
#include "policy/explain.hpp"

using namespace durward;
using namespace durward::policy;

namespace {

Explanation decide(const std::string& policy, const std::string& request) {
  const auto loaded = config::parse_policy(policy, "policy.yaml");
  INFO(config::render(loaded));
  REQUIRE(loaded.value);
  auto servers = servers_named_in(*loaded.value);
  servers["s"].name = "s";
  std::vector<config::Diagnostic> diagnostics;
  const auto book = Rulebook::compile(*loaded.value, servers, diagnostics);
  INFO(config::render(diagnostics, policy));
  REQUIRE(book);
  const auto document = json::Document::parse(request);
  REQUIRE(document);
  const auto supposed = read_supposed(document->root(), 0);
  if (!supposed) FAIL(supposed.error());
  return explain(*book, *supposed);
}

struct Row {
  Code code;
  const char* policy;   // after the allowlist
  const char* request;  // members after the server
};

// What raises each code: once with the policy as it is, then under each way of deciding.
const std::vector<Row> kRows{
    {Code::tool_not_in_allowlist, "", R"("tool":"other")"},
    {Code::version_unpinned, "security: {allow_versions: {s: [\"2\"]}}\n", R"("tool":"t","version":"1")"},
    {Code::payload_too_large, "security: {limits: {max_payload_kb: 0}}\n", R"("tool":"t","arguments":{})"},
    {Code::method_not_allowed, "servers: {s: {methods: []}}\n", R"("method":"logging/setLevel")"},
    {Code::prompt_not_in_allowlist, "servers: {s: {prompts: []}}\n", R"("prompt":"p")"},
    {Code::resource_not_in_allowlist, "servers: {s: {resources: []}}\n", R"("resource":"x:y")"},
    {Code::schema_violation, "", R"("tool":"t","arguments":{"a":"x"},"schema":{"properties":{"a":{"type":"number"}}})"},
    {Code::rule, "rules: [{id: r, effect: deny}]\n", R"("tool":"t")"},
    {Code::no_allow_rule, "rules: [{id: r, when: {arguments: [{at: /a, exists: true}]}, effect: allow}]\n", R"("tool":"t")"},
    {Code::policy_error, "rules: [{id: r, when: {arguments: [{at: /a, gt: 1}]}, effect: deny}]\n", R"("tool":"t")"},
};

// What permissions forbid: their effect is their own, whatever the lists say, though two of the codes are the seed's.
const std::vector<Row> kForbidden{
    {Code::egress_violation, "", R"("tool":"t","arguments":{"url":"https://other.example/"})"},
    {Code::fs_violation, "", R"("tool":"t","arguments":{"path":"/etc/passwd"})"},
    {Code::private_address, "", R"("tool":"t","arguments":{"url":"http://10.0.0.1/"})"},
    {Code::exec_denied, "", R"("tool":"t","arguments":{"command":"ls"})"},
    {Code::sql_statement_denied, "", R"("tool":"t","arguments":{"query":"drop table t"})"},
    {Code::consent_required, ", consent: [mutate]", R"("tool":"t","arguments":{})"},
};

const std::string kTools = "tools: {allowlist: [\"mcp://s/t\"]}\n";

Finding found(const Row& row, const std::string& enforcement) {
  const Explanation told = decide(kTools + row.policy + enforcement, R"({"server":"s",)" + std::string(row.request) + "}");
  REQUIRE(told.decision.findings.size() == 1);
  CHECK(told.decision.findings[0].code == row.code);
  const Effect effect = told.decision.findings[0].effect;
  CHECK(told.allowed == (effect < Effect::escalate));
  return told.decision.findings[0];
}

std::string effect(const Row& row, const std::string& enforcement) { return std::string(name(found(row, enforcement).effect)); }

}  // namespace

TEST_CASE("each code that a decision can raise is raised, and has the effect that the page gives it") {
  std::set<Code> raised;
  for (const Row& row : kRows) {
    INFO(info(row.code).name);
    const std::string code(info(row.code).name);
    const bool listed = info(row.code).of == CodeClass::listed;
    const bool error = row.code == Code::policy_error;
    raised.insert(row.code);
    CHECK(effect(row, "") == "deny");
    CHECK(effect(row, "enforcement: {mode: observe}\n") == (error ? "deny" : "would_deny"));
    const bool seeds = listed || row.code == Code::schema_violation;
    CHECK(effect(row, "enforcement: {deny_on: []}\n") == (seeds ? "would_deny" : "deny"));
    CHECK(effect(row, "enforcement: {deny_on: [egress_violation]}\n") == (listed ? "would_deny" : "deny"));
    if (!listed) continue;
    CHECK(effect(row, "enforcement: {deny_on: [" + code + "]}\n") == "deny");
    CHECK(effect(row, "enforcement: {escalate_on: [" + code + "]}\n") == "escalate");
    CHECK(effect(row, "enforcement: {deny_on: [" + code + "], escalate_on: [" + code + "]}\n") == "escalate");
    CHECK(effect(row, "enforcement: {mode: observe, escalate_on: [" + code + "]}\n") == "would_deny");
  }
  for (const Row& forbidden : kForbidden) {
    const std::string entry = "permissions: {s: {network: [api.example.com]" + std::string(forbidden.policy) + "}}\n";
    const Row row{forbidden.code, entry.c_str(), forbidden.request};
    const std::string code(info(row.code).name);
    INFO(code);
    raised.insert(row.code);
    const std::string own = row.code == Code::consent_required ? "escalate" : "deny";
    CHECK(effect(row, "") == own);
    CHECK(effect(row, "enforcement: {deny_on: []}\n") == own);
    CHECK(effect(row, "enforcement: {mode: observe}\n") == "would_deny");
    if (info(row.code).of == CodeClass::listed) CHECK(effect(row, "enforcement: {escalate_on: [" + code + "]}\n") == own);
  }
  // Raised outside the rulebook, over the wire: tests/interop has them.
  raised.insert(
      {Code::stream_closed, Code::duration_too_long, Code::secret_denied, Code::secret_brokered, Code::credential_echoed});
  for (std::size_t i = 0; i < kCodes; ++i) {
    const auto code = static_cast<Code>(i);
    INFO(info(code).name);
    CHECK(raised.contains(code) == (info(code).raised == Raised::yes));
  }
}

TEST_CASE("the strictest of several findings is the verdict") {
  const std::string policy =
      kTools + "security: {limits: {max_payload_kb: 0}}\nenforcement: {escalate_on: [payload_too_large]}\n";
  const std::string escalated = R"({"server":"s","tool":"t","arguments":{"a":1}})";
  CHECK(decide(policy, escalated).reason == Reason::awaits_approval);
  CHECK(decide(policy + "rules: [{id: r, effect: deny}]\n", escalated).reason == Reason::denied);
  const std::string wrong = R"({"server":"s","tool":"t","arguments":{"a":1},"schema":{"maxProperties":0}})";
  CHECK(decide(policy, wrong).reason == Reason::arguments_invalid);
  CHECK(decide(policy + "rules: [{id: r, effect: deny}]\n", wrong).reason == Reason::denied);
  // A rule that cannot read what the schema forbids hides from nobody how to correct it; one that denies for its own reason
  // does.
  const std::string unread = "rules: [{id: r, when: {arguments: [{at: /a, gt: 5}]}, effect: deny}]\n";
  const std::string text = R"({"server":"s","tool":"t","arguments":{"a":"x"},"schema":{"properties":{"a":{"type":"number"}}}})";
  CHECK(decide(kTools + unread, text).reason == Reason::arguments_invalid);
  CHECK(decide(kTools + unread, R"({"server":"s","tool":"t","arguments":{"a":"x"}})").reason == Reason::denied);
  CHECK(decide(kTools, wrong).wrong.find("maxProperties") != std::string::npos);
}

TEST_CASE("a tool whose schema cannot be used is denied, and one without arguments is held against an empty object") {
  const auto with = [](const std::string& schema) {
    return decide(kTools, R"({"server":"s","tool":"t","schema":)" + schema + "}");
  };
  CHECK(with(R"x({"pattern":"(?=x)"})x").decision.findings[0].code == Code::policy_error);
  CHECK(with(R"({"type":"object"})").allowed);
  CHECK(with(R"({"required":["a"]})").reason == Reason::arguments_invalid);
}

TEST_CASE("deploy/docs/policy.md has the generated table of codes") {
  const auto path = std::filesystem::path(DURWARD_SOURCE_DIR) / "deploy/docs/policy.md";
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  std::string page = text.str();
  const std::string begin = "<!-- codes -->\n", end = "<!-- /codes -->\n";
  const std::size_t from = page.find(begin), to = page.find(end);
  REQUIRE(from != std::string::npos);
  REQUIRE(to != std::string::npos);
  if (std::getenv("DURWARD_WRITE_README") != nullptr) {
    page.replace(from + begin.size(), to - from - begin.size(), codes_markdown());
    std::ofstream(path) << page;
  }
  CHECK(page.substr(from + begin.size(), to - from - begin.size()) == codes_markdown());
}
