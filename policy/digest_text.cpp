#include "policy/digest_text.hpp"

#include <map>

namespace durward::policy {
namespace {

std::string scalar(const config::Scalar& value) {
  // Numbers keep their tokens, so that none is rounded; a list tells them from texts.
  if (value.kind == config::Scalar::Kind::text) return json::quote(value.text);
  return value.kind == config::Scalar::Kind::boolean ? value.text : "[" + json::quote(value.text) + "]";
}

std::string of(const config::ArgumentCondition& condition) {
  Object out;
  out.add("at", json::quote(condition.at.value));
  for (const config::Predicate& one : condition.predicates) {
    std::set<std::string> operands;
    for (const auto& operand : one.operands) operands.insert(scalar(operand.value));
    out.add(config::name(one.ask), array_of(operands));
  }
  return out.done();
}

std::string of(const config::PrincipalCondition& who) {
  Object out, claims;
  const std::pair<std::string_view, const std::optional<config::Names>*> lists[] = {
      {"tenant", &who.tenants}, {"agent", &who.agents}, {"users", &who.users},
      {"groups", &who.groups},  {"roles", &who.roles},  {"scopes", &who.scopes}};
  for (const auto& [name, names] : lists) {
    if (*names) out.add(name, set_of(**names));
  }
  for (const auto& [claim, values] : who.claims) claims.add(claim, set_of(values));
  return out.add("claims", claims.done()).done();
}

std::string numbers(const std::vector<int>& all) {
  const std::set<int> sorted(all.begin(), all.end());
  std::set<std::string> texts;
  for (const int one : sorted) texts.insert(std::to_string(one));
  return array_of(texts);
}

std::string of(const config::Rule& rule) {
  Object out;
  out.add("principal", of(rule.principal)).add("kinds", numbers(rule.kinds));
  if (rule.tools) out.add("tools", set_of(*rule.tools));
  std::set<std::string> conditions;
  for (const auto& one : rule.arguments) conditions.insert(of(one));
  out.add("arguments", array_of(conditions));
  if (rule.time) {
    Object time;
    time.add("days", numbers(rule.time->days)).add("offset", json::quote(rule.time->offset));
    if (rule.time->hours) time.add("hours", json::quote(rule.time->hours->value));
    out.add("time", time.done());
  }
  out.add("effect", std::to_string(static_cast<int>(rule.effect.value)))
      .add("mode", std::to_string(static_cast<int>(rule.mode)));
  return out.add("reason", json::quote(rule.reason)).done();
}

std::string of(const config::EntitledLists& lists) {
  return Object().add("allow", set_of(lists.allow)).add("deny", set_of(lists.deny)).done();
}

std::string of(const std::map<std::string, config::EntitledLists>& named) {
  Object out;
  for (const auto& [name, lists] : named) out.add(name, of(lists));
  return out.done();
}

}  // namespace

std::string digest_text(const std::vector<config::Rule>& rules) {
  std::map<std::string, std::string> by_id;
  for (const config::Rule& rule : rules) by_id.emplace(rule.id.value, of(rule));
  Object out;
  for (const auto& [id, text] : by_id) out.add(id, text);
  return out.done();
}

std::string digest_text(const config::Entitlements& entitlements) {
  Object tenants;
  for (const auto& [name, tenant] : entitlements.tenants) {
    Object one;
    one.add("lists", of(tenant.lists)).add("plan", json::quote(tenant.plan.value)).add("users", of(tenant.users));
    one.add("user_ids", of(tenant.user_ids)).add("roles", of(tenant.roles)).add("agents", of(tenant.agents));
    tenants.add(name, one.done());
  }
  return Object()
      .add("default_plan", json::quote(entitlements.default_plan.value))
      .add("plans", of(entitlements.plans))
      .add("tenants", tenants.done())
      .done();
}

}  // namespace durward::policy
