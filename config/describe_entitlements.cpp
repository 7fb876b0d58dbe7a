#include "config/describe_rules.hpp"
#include "config/forms.hpp"

namespace durward::config {
namespace {

void describe_lists(Fields& f, EntitledLists& lists) {
  f.texts({"allowlist", "patterns that it may name"}, kPattern, lists.allow);
  f.texts({"denylist", "patterns that it may not; they beat every allowlist"}, kPattern, lists.deny);
}

void describe_each(Fields& f, const Key& key, std::map<std::string, EntitledLists>& out) {
  f.table(key, kText, [&](Fields& in, const Located<std::string>& name) {
    EntitledLists lists;
    lists.where = name.where;
    describe_lists(in, lists);
    out.insert_or_assign(name.value, std::move(lists));
  });
}

void describe_tenant(Fields& f, TenantEntitlement& tenant, std::vector<Located<std::string>>& inactive) {
  f.text({"plan", "whose lists are pooled with its own; without it `default_plan`"}, kText, tenant.plan);
  describe_lists(f, tenant.lists);
  describe_each(f, {"users", "by verified mail address, or subject"}, tenant.users);
  describe_each(f, {"user_ids", "by subject"}, tenant.user_ids);
  describe_each(f, {"roles", "by role"}, tenant.roles);
  describe_each(f, {"agents", "by verified agent"}, tenant.agents);
  f.later({"per_tool", "rates by tool; does nothing yet"}, inactive);
}

}  // namespace

void describe_entitlements(Fields& f, PolicySettings& policy) {
  Entitlements entitlements;
  const bool written = f.part({"entitlements", ""}, [&](Fields& in) {
    in.text({"default_plan", "of tenants that name none"}, kText, entitlements.default_plan);
    in.table({"plans", "by name"}, kText, [&](Fields& plan, const Located<std::string>& name) {
      EntitledLists lists;
      lists.where = name.where;
      describe_lists(plan, lists);
      plan.later({"calls_per_day", "does nothing yet"}, policy.inactive);
      entitlements.plans.insert_or_assign(name.value, std::move(lists));
    });
    in.table({"tenants", "what each verified tenant may name; one that is not listed may name nothing", true,
              "name a tenant, such as acme: {allowlist: [\"*\"]}"},
             kText, [&](Fields& each, const Located<std::string>& name) {
               TenantEntitlement tenant;
               tenant.lists.where = name.where;
               describe_tenant(each, tenant, policy.inactive);
               entitlements.tenants.insert_or_assign(name.value, std::move(tenant));
             });
  });
  if (written) policy.entitlements = std::move(entitlements);
}

}  // namespace durward::config
