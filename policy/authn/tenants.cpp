#include "policy/authn/tenants.hpp"

#include <algorithm>

namespace durward::authn {

TenantRule::TenantRule(const config::Tenants& tenants) : any_(!tenants) {
  if (!tenants) return;
  for (const auto& tenant : *tenants) tenants_.push_back(tenant.value);
  any_ = tenants_.size() == 1 && tenants_.front() == "*";
}

bool TenantRule::may_assert(std::string_view tenant) const {
  return any_ || std::find(tenants_.begin(), tenants_.end(), tenant) != tenants_.end();
}

}  // namespace durward::authn
