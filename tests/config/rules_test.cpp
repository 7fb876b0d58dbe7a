#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "config/load.hpp"

using namespace durward::config;

namespace {

PolicySettings good(const std::string& text) {
  auto loaded = parse_policy(text, "policy.yaml");
  INFO(render(loaded));
  REQUIRE(loaded.value.has_value());
  return std::move(*loaded.value);
}

std::vector<std::string> inactive(const PolicySettings& policy) {
  std::vector<std::string> names;
  for (const auto& one : policy.inactive) names.push_back(one.value);
  return names;
}

// In the form of the seed's full example, with values of our own.
const std::string kFull = R"(tenant: acme
security_level: middleware
default_retention: "90d"
signing:
  enabled: true
  key_ref: "file://./keys/ed25519.key"
privacy:
  redact_outputs: false
  store_raw_payloads: false
  artifact_retention:
    public: "30d"
    pii: "7d"
tools:
  allowlist:
    - "mcp://files/*@*"
    - "mcp://db/query@*"
  deny_if_unpinned_version: true
side_effects:
  require_idempotency_key: true
  max_retries: 3
enforcement:
  deny_on: [tool_not_in_allowlist, agent_guard_failed, integrity_violation]
  escalate_on: [tool_not_in_allowlist, missing_idempotency_for_side_effect]
  circuit_breakers:
    error_rate_pct: 50
    p95_latency_ms: 5000
compliance:
  packs:
    - id: security
      rules:
        - {id: a, type: regex, location: output, patterns: ["(?i)x="]}
  policies: [{id: default, enabled: true, pack_ids: [security]}]
observability:
  otlp_endpoint: "https://otel.example.com"
  sample: {success: 1, error: 1}
)";

const std::string kShort = R"(tenant: acme
default_retention: "30d"
signing:
  enabled: true
  key_ref: "file://./keys/ed25519.key"
tools:
  allowlist: ["*"]
enforcement:
  deny_on: []
)";

// A folder of this process for both files.
struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("durward-join-" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string put(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return (path / name).string();
  }
};

const std::string kOperator = "authn: anonymous\nservers: {files: {url: \"http://127.0.0.1:1/\"}}\npolicy: policy.yaml\n";

struct Joined {
  Loaded<Settings> settings;
  Loaded<PolicySettings> policy;
  std::string said() const { return render(settings) + render(policy); }
};

Joined joined(const std::string& settings, const std::string& policy) {
  const Folder folder;
  Joined out{load_settings(folder.put("durward.yaml", settings)), load_policy(folder.put("policy.yaml", policy))};
  join(out.settings, out.policy);
  return out;
}

}  // namespace

TEST_CASE("a policy in the seed's short form is read whole, and every key of it acts") {
  const PolicySettings policy = good(kShort);
  CHECK(policy.tenant == "acme");
  CHECK(policy.key_ref.value == "file://./keys/ed25519.key");
  REQUIRE(policy.deny_on);
  CHECK(policy.deny_on->empty());
  CHECK(policy.inactive.empty());
}

TEST_CASE("of a policy in the seed's full form every key acts or is noted as inactive") {
  const PolicySettings policy = good(kFull);
  CHECK(policy.deny_if_unpinned_version);
  CHECK(policy.escalate_on->size() == 2);
  CHECK(inactive(policy) == std::vector<std::string>{"enforcement.circuit_breakers", "privacy.artifact_retention",
                                                     "side_effects.require_idempotency_key", "side_effects.max_retries",
                                                     "compliance", "observability"});
  CHECK(policy.inactive[0].where.line == 25);
}

TEST_CASE("the seed's own documents load unchanged") {
  const char* folder = std::getenv("DURWARD_SEED_POLICIES");
  if (folder == nullptr) {
    WARN("skipped: DURWARD_SEED_POLICIES is not set");
    return;
  }
  for (const char* name : {"/quickstart.yaml", "/full.yaml"}) {
    std::ifstream file(std::string(folder) + name);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto loaded = parse_policy(text, name);
    INFO(render(loaded));
    CHECK(loaded.value);
  }
}

TEST_CASE("a switch whose off is what there is, is inactive only where it is on") {
  const std::string tools = "tools: {allowlist: [\"*\"]}\n";
  CHECK(good(tools + "privacy: {redact_outputs: false, store_raw_payloads: false}\n").inactive.empty());
  CHECK(inactive(good(tools + "privacy: {redact_outputs: true}\n")) == std::vector<std::string>{"privacy.redact_outputs"});
  CHECK(inactive(good(tools + "side_effects: {require_idempotency_key: false}\n")).empty());
}

TEST_CASE("every key of a rule is read") {
  const PolicySettings policy = good(R"(tools: {allowlist: ["*"]}
rules:
  - id: prod-deletes
    when:
      principal: {groups: [oncall], tenant: acme, agent: [deployer], scopes: [db.write], claims: {team: [infra]}, roles: [r], users: u}
      tool: "mcp://db/*"
      kind: [mutate, exec]
      arguments:
        - {at: /query, glob: ["a*", "b*"], size_gt: 10}
        - {at: /amount, gt: 1000.5, eq: true}
      time: {days: [mon, fri], hours: "08:00-18:00", offset: "+01:00"}
    effect: escalate
    mode: shadow
    reason: "A person decides."
)");
  REQUIRE(policy.rules.size() == 1);
  const Rule& rule = policy.rules[0];
  CHECK(rule.id.value == "prod-deletes");
  CHECK(rule.where.line == 3);
  CHECK(rule.principal.tenants->front().value == "acme");
  CHECK(rule.principal.users->front().value == "u");
  CHECK(rule.principal.claims.at("team").front().value == "infra");
  CHECK(rule.tools->front().where.line == 6);
  CHECK(rule.kinds == std::vector<int>{2, 4});
  REQUIRE(rule.arguments.size() == 2);
  CHECK(rule.arguments[0].at.value == "/query");
  CHECK(rule.arguments[0].predicates.size() == 2);
  CHECK(rule.arguments[1].predicates[1].operands[0].value.text == "1000.5");
  CHECK(rule.arguments[1].predicates[0].operands[0].value.kind == Scalar::Kind::boolean);
  CHECK(rule.time->days == std::vector<int>{0, 4});
  CHECK(rule.effect.value == RuleEffect::escalate);
  CHECK(rule.mode == RuleMode::shadow);
  CHECK(rule.reason == "A person decides.");
}

TEST_CASE("entitlements are read, with what rates there would be noted as inactive") {
  const PolicySettings policy = good(R"(tools: {allowlist: ["*"]}
entitlements:
  default_plan: free
  plans: {free: {allowlist: ["mcp://a/b"], calls_per_day: 100}}
  tenants:
    acme:
      plan: free
      allowlist: ["mcp://a/*"]
      users: {ann@example.com: {denylist: ["mcp://a/x"]}}
      roles: {admin: {allowlist: ["*"]}}
      agents: {bot: {}}
      user_ids: {u1: {}}
      per_tool: {"mcp://a/b": {rate_per_sec: 1}}
)");
  REQUIRE(policy.entitlements);
  CHECK(policy.entitlements->tenants.at("acme").users.at("ann@example.com").deny.size() == 1);
  CHECK(inactive(policy) ==
        std::vector<std::string>{"entitlements.plans.free.calls_per_day", "entitlements.tenants.acme.per_tool"});
}

TEST_CASE("the signing key may be named by either file, and not by both in two ways") {
  const std::string bare = kOperator + "ledger: {dir: l}\n";
  const Joined taken = joined(bare, kShort);
  INFO(taken.said());
  REQUIRE(taken.settings.value);
  CHECK(taken.settings.value->ledger.key_ref.value.ends_with("/keys/ed25519.key"));
  CHECK(taken.settings.value->ledger.keyring.value.ends_with("/keys/keyring.json"));
  const Joined none = joined(bare, "tools: {allowlist: [\"*\"]}\n");
  CHECK_FALSE(none.settings.value);
  CHECK(none.said().find("ledger.key_ref is missing") != std::string::npos);
  const Joined both = joined(kOperator + "ledger: {dir: l, key_ref: \"file://./other.key\"}\n", kShort);
  CHECK_FALSE(both.policy.value);
  CHECK(both.said().find("signing.key_ref names another key than ledger.key_ref on line 4") != std::string::npos);
  const Joined same = joined(kOperator + "ledger: {dir: l, key_ref: \"file://./keys/ed25519.key\"}\n", kShort);
  CHECK(same.policy.value);
}

TEST_CASE("keys that do nothing yet keep the gateway from starting unless durward.yaml accepts each") {
  const std::string ledger = "ledger: {dir: l}\n";
  const Joined refused = joined(kOperator + ledger, kFull);
  CHECK_FALSE(refused.policy.value);
  CHECK(refused.said().find("policy.yaml:28:3: error: compliance does nothing yet") != std::string::npos);
  const Joined accepted = joined(kOperator + ledger +
                                     "accept_inactive: [compliance, observability, privacy.artifact_retention, side_effects, "
                                     "enforcement.circuit_breakers]\n",
                                 kFull);
  INFO(accepted.said());
  CHECK(accepted.policy.value);
  CHECK(accepted.said().find("warning: compliance does nothing yet, as accept_inactive accepts") != std::string::npos);
  const Joined partly =
      joined(kOperator + ledger + "accept_inactive: [complianc, privacy, side, enforcement, observability]\n", kFull);
  CHECK_FALSE(partly.policy.value);
  CHECK(partly.said().find("did you mean compliance?") != std::string::npos);
  CHECK(partly.said().find("error: side_effects.max_retries does nothing yet") != std::string::npos);
}
