#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/policy_settings.hpp"
#include "policy/compile.hpp"
#include "policy/principal.hpp"
#include "policy/tables.hpp"

namespace durward::policy {

/// Which tools a verified principal may name: the lists of its tenant, of the tenant's plan, and of its users, roles and agents
/// pool; a deny beats an allow; what nothing allows is denied. Immutable.
class Entitlements {
 public:
  static std::unique_ptr<const Entitlements> compile(const config::Entitlements& settings, const Servers& servers,
                                                     Diagnostics& diagnostics);
  struct Answer {
    const Pattern* denied = nullptr;
    const Pattern* allowed = nullptr;  // one that names a version without `*`, if there is one; null where denied is not
  };
  Answer ask(const Principal& principal, std::string_view server, std::string_view tool, std::string_view version) const;
  /// Whether they leave any tool of the server to be named.
  bool any(const Principal& principal, std::string_view server) const;

 private:
  struct Lists {
    ToolPatterns patterns;
  };
  using Named = std::unordered_map<std::string, Lists, TextHash, std::equal_to<>>;
  struct Tenant {
    Lists own, plan;
    Named users, user_ids, roles, agents;
  };
  std::vector<const Lists*> pool(const Principal& principal) const;
  std::unordered_map<std::string, Tenant, TextHash, std::equal_to<>> tenants_;
};

}  // namespace durward::policy
