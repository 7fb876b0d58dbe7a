#include "config/describe_permissions.hpp"
#include "config/describe_rules.hpp"
#include "config/fields.hpp"
#include "config/forms.hpp"
#include "config/policy_settings.hpp"

namespace durward::config {
namespace {

constexpr std::array kModes{Word{"enforce", static_cast<int>(Mode::enforce)}, Word{"observe", static_cast<int>(Mode::observe)}};
constexpr std::array kRetentions{Word{"30d", 0}, Word{"90d", 1}, Word{"180d", 2}};

// Absent and empty differ: an absent list stays nullopt.
void list(Fields& f, const Key& key, std::optional<Patterns>& out) {
  Patterns patterns;
  if (f.texts(key, kPattern, patterns)) out = std::move(patterns);
}

void describe_server(Fields& f, PolicyServer& server) {
  list(f, {"methods", "methods that are no tool call; absent: all, `[]`: none"}, server.methods);
  list(f, {"prompts", "globs over prompt names; absent: all, `[]`: none"}, server.prompts);
  list(f, {"resources", "globs over resource URIs; absent: all, `[]`: none"}, server.resources);
}

void describe_enforcement(Fields& f, PolicySettings& policy) {
  Located<Mode> mode{policy.mode, {}};
  if (f.choice({"mode", "`observe` records what it would refuse, and refuses nothing"}, kModes, mode)) policy.mode = mode.value;
  list(f, {"deny_on", "codes that deny; absent: every listed code, `[]`: none"}, policy.deny_on);
  list(f, {"escalate_on", "codes that a person may approve; they win over `deny_on`"}, policy.escalate_on);
  f.later({"circuit_breakers", "does nothing yet"}, policy.inactive);
  f.later({"agent_guard", "detectors; does nothing yet"}, policy.inactive);
}

}  // namespace

void describe(Fields& f, PolicySettings& policy) {
  Located<std::string> tenant{policy.tenant, {}};
  if (f.text({"tenant", "of principals whose authentication carries none"}, kText, tenant))
    policy.tenant = std::move(tenant.value);
  Located<int> retention{-1, {}};
  if (f.word({"default_retention", "a label in every record"}, kRetentions, retention)) {
    policy.default_retention = kRetentions.at(static_cast<std::size_t>(retention.value)).text;
  }
  f.section({"tools", ""}, [&](Fields& in) {
    in.texts({"allowlist", "`mcp://server/tool@version` patterns; `[]`: no tool", true,
              "list what may be called; [] allows no tool"},
             kPattern, policy.allowlist);
    in.texts({"denylist", "the same; it wins over the allowlist"}, kPattern, policy.denylist);
    in.flag({"deny_if_unpinned_version", "whether a tool that no entry allows by a version without `*` is `version_unpinned`"},
            policy.deny_if_unpinned_version);
  });
  f.table({"servers", "what is not a tool, by server"}, kServerName, [&](Fields& in, const Located<std::string>& name) {
    PolicyServer server;
    server.where = name.where;
    describe_server(in, server);
    policy.servers.insert_or_assign(name.value, std::move(server));
  });
  describe_permissions(f, policy.permissions);
  f.section({"enforcement", ""}, [&](Fields& in) { describe_enforcement(in, policy); });
  describe_entitlements(f, policy);
  describe_rules(f, policy.rules);
  describe_seed(f, policy);
}

}  // namespace durward::config
