#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/diagnostic.hpp"
#include "config/permission_settings.hpp"
#include "config/rule_settings.hpp"

/// policy.yaml, the security team's file, as plain data. Patterns and codes keep their positions: `policy/rulebook` compiles
/// them.
namespace durward::config {

enum class Mode : std::uint8_t { enforce, observe };

using Patterns = std::vector<Located<std::string>>;

/// What is not a tool, per server. An absent list allows everything of a server of which the principal may name at
/// least one tool (or which has none); an empty one allows nothing.
struct PolicyServer {
  Position where;
  std::optional<Patterns> methods;
  std::optional<Patterns> prompts;
  std::optional<Patterns> resources;
};

/// What one plan, user, role or agent adds to the lists of a tenant.
struct EntitledLists {
  Position where;
  Patterns allow, deny;
};

struct TenantEntitlement {
  EntitledLists lists;
  Located<std::string> plan;  // empty: Entitlements::default_plan
  std::map<std::string, EntitledLists> users, user_ids, roles, agents;
};

/// Which tools each verified principal may name. Lists pool, a deny beats an allow, no match denies.
struct Entitlements {
  Located<std::string> default_plan;  // empty: none
  std::map<std::string, EntitledLists> plans;
  std::map<std::string, TenantEntitlement> tenants;
};

struct PolicySettings {
  std::string file;
  std::string tenant;             // of principals whose authentication carries none
  std::string default_retention;  // a label in every record
  Located<std::string> key_ref;   // the ledger's signing key, where durward.yaml names none; absolute after loading
  Patterns allowlist;             // mcp://server/tool@version patterns; empty: no tool
  Patterns denylist;
  bool deny_if_unpinned_version = false;
  std::map<std::string, Patterns> allow_versions;  // by server; of the others any version
  std::map<std::string, Position> allow_versions_where;
  std::map<std::string, PolicyServer> servers;
  std::optional<Entitlements> entitlements;  // absent: the allowlist alone decides
  std::vector<Rule> rules;
  std::optional<Permissions> permissions;  // absent: only what is refused always
  Mode mode = Mode::enforce;
  std::optional<Patterns> deny_on;  // codes; absent: every listed code denies; empty: none does
  std::optional<Patterns> escalate_on;
  std::optional<std::uint64_t> max_payload_kb;   // arguments, in whole KiB, rounded up
  std::optional<std::uint64_t> max_duration_ms;  // until a call has its whole answer
  /// Keys that are written and whose feature is not built: `serve` starts only if durward.yaml accepts each.
  std::vector<Located<std::string>> inactive;
};

}  // namespace durward::config
