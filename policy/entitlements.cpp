#include "policy/entitlements.hpp"

#include <algorithm>

#include "policy/rules/rules.hpp"

namespace durward::policy {
namespace {

void check_plan(const config::Located<std::string>& plan, const config::Entitlements& settings, Diagnostics& diagnostics) {
  if (plan.value.empty() || settings.plans.contains(plan.value)) return;
  std::vector<std::string> names;
  for (const auto& [name, lists] : settings.plans) names.push_back(name);
  error(diagnostics, plan.where, "no plan `" + plan.value + "` is written" + suggestion(plan.value, names));
}

}  // namespace

std::unique_ptr<const Entitlements> Entitlements::compile(const config::Entitlements& settings, const Servers& servers,
                                                          Diagnostics& diagnostics) {
  auto out = std::make_unique<Entitlements>();
  const auto lists = [&](const config::EntitledLists& written) {
    return Lists{{compile_list(written.allow, servers, diagnostics), compile_list(written.deny, servers, diagnostics)}};
  };
  const auto named = [&](const std::map<std::string, config::EntitledLists>& written) {
    Named all;
    for (const auto& [name, one] : written) all.emplace(name, lists(one));
    return all;
  };
  std::map<std::string, Lists> plans;
  for (const auto& [name, plan] : settings.plans) plans.emplace(name, lists(plan));
  check_plan(settings.default_plan, settings, diagnostics);
  for (const auto& [name, written] : settings.tenants) {
    check_plan(written.plan, settings, diagnostics);
    Tenant tenant{lists(written.lists), {}, named(written.users), named(written.user_ids), named(written.roles),
                  named(written.agents)};
    const auto plan = plans.find(written.plan.value.empty() ? settings.default_plan.value : written.plan.value);
    if (plan != plans.end()) tenant.plan = plan->second;
    out->tenants_.emplace(name, std::move(tenant));
  }
  return out;
}

std::vector<const Entitlements::Lists*> Entitlements::pool(const Principal& principal) const {
  std::vector<const Lists*> all;
  const auto found = tenants_.find(principal.tenant());
  if (found == tenants_.end()) return all;
  const Tenant& tenant = found->second;
  all = {&tenant.own, &tenant.plan};
  const auto add = [&all](const Named& named, std::string_view name) {
    if (const auto one = named.find(name); one != named.end() && !name.empty()) all.push_back(&one->second);
  };
  // A mail address names its user only where the issuer is trusted with it; then the subject is not asked.
  add(tenant.users, principal.email().empty() ? principal.subject() : principal.email());
  add(tenant.user_ids, principal.subject());
  for (const std::string& role : principal.roles()) add(tenant.roles, role);
  add(tenant.agents, rules::agent_of(principal));
  return all;
}

Entitlements::Answer Entitlements::ask(const Principal& principal, std::string_view server, std::string_view tool,
                                       std::string_view version) const {
  Answer answer;
  const auto all = pool(principal);
  for (const Lists* lists : all) {
    for (const Pattern& one : lists->patterns.deny) {
      if (one.may_match(server, tool, version)) return {&one, nullptr};
    }
  }
  for (const Lists* lists : all) {
    for (const Pattern& one : lists->patterns.allow) {
      const bool better = answer.allowed == nullptr || (one.pins_version() && !answer.allowed->pins_version());
      if (better && one.matches(server, tool, version)) answer.allowed = &one;
    }
  }
  return answer;
}

bool Entitlements::any(const Principal& principal, std::string_view server) const {
  bool some = false;
  for (const Lists* lists : pool(principal)) {
    const auto& [allow, deny] = lists->patterns;
    if (std::any_of(deny.begin(), deny.end(), [&](const Pattern& one) { return one.covers_server(server); })) return false;
    some = some || std::any_of(allow.begin(), allow.end(), [&](const Pattern& one) { return one.may_match_server(server); });
  }
  return some;
}

}  // namespace durward::policy
