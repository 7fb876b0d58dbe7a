#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/authn_settings.hpp"

namespace durward::authn {

/// The tenants for which somebody may speak.
class TenantRule {
 public:
  explicit TenantRule(const config::Tenants& tenants);
  bool may_assert(std::string_view tenant) const;
  /// The only one, if there is just one.
  const std::string* only() const { return !any_ && tenants_.size() == 1 ? &tenants_.front() : nullptr; }

 private:
  bool any_;
  std::vector<std::string> tenants_;
};

}  // namespace durward::authn
