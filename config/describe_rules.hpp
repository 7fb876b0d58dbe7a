#pragma once
#include "config/fields.hpp"
#include "config/policy_settings.hpp"

namespace durward::config {

/// The key `rules` of policy.yaml.
void describe_rules(Fields& fields, std::vector<Rule>& rules);
/// The key `entitlements`.
void describe_entitlements(Fields& fields, PolicySettings& policy);
/// What the seed's documents hold besides: each key acts, or is noted as inactive, or is refused.
void describe_seed(Fields& fields, PolicySettings& policy);

}  // namespace durward::config
