#include "policy/authoring.hpp"

namespace durward::policy {
namespace {

void add_server(Servers& servers, const std::string& name) { servers[name].name = name; }

void add_servers(Servers& servers, const config::Patterns& entries) {
  for (const auto& entry : entries) {
    const auto pattern = Pattern::parse(entry.value);
    if (pattern && pattern->server().find('*') == std::string::npos) add_server(servers, pattern->server());
  }
}

void add_servers(Servers& servers, const config::EntitledLists& lists) {
  add_servers(servers, lists.allow);
  add_servers(servers, lists.deny);
}

/// Calls f with every pair of lists in entitlements.
template <class F>
void each_list(const config::Entitlements& entitlements, const F& f) {
  for (const auto& [name, plan] : entitlements.plans) f(plan);
  for (const auto& [name, tenant] : entitlements.tenants) {
    f(tenant.lists);
    for (const auto* named : {&tenant.users, &tenant.user_ids, &tenant.roles, &tenant.agents}) {
      for (const auto& [who, lists] : *named) f(lists);
    }
  }
}

void review(const config::Patterns& allowlist, Diagnostics& diagnostics) {
  for (const auto& entry : allowlist) {
    const auto pattern = Pattern::parse(entry.value);
    if (!pattern || pattern->tool().find_first_not_of('*') != std::string::npos) continue;
    const bool every = pattern->server().find_first_not_of('*') == std::string::npos;
    warning(diagnostics, entry.where,
            "`" + entry.value + "` allows every tool of " + (every ? "every server" : "`" + pattern->server() + "`") +
                ", also those that it gets later");
  }
}

}  // namespace

Servers servers_named_in(const config::PolicySettings& policy) {
  Servers servers;
  add_servers(servers, policy.allowlist);
  add_servers(servers, policy.denylist);
  for (const auto& [name, entry] : policy.servers) add_server(servers, name);
  for (const auto& [name, versions] : policy.allow_versions) add_server(servers, name);
  for (const config::Rule& rule : policy.rules) {
    if (rule.tools) add_servers(servers, *rule.tools);
  }
  if (policy.entitlements)
    each_list(*policy.entitlements, [&](const config::EntitledLists& lists) { add_servers(servers, lists); });
  return servers;
}

void review_wildcards(const config::PolicySettings& policy, Diagnostics& diagnostics) {
  review(policy.allowlist, diagnostics);
  if (policy.entitlements)
    each_list(*policy.entitlements, [&](const config::EntitledLists& lists) { review(lists.allow, diagnostics); });
}

}  // namespace durward::policy
