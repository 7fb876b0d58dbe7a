#pragma once
#include <string>
#include <vector>

#include "policy/decision.hpp"
#include "policy/principal.hpp"

namespace durward::gateway {

/// What checks 3 to 6 read, as the canonical JSON of a record's `facts`; empty where they read nothing. Pointers, claims and
/// conditions are the operator's text, groups, roles, scopes and values of claims the issuer's; nothing here is the caller's.
std::string describe_facts(const policy::Decision& decision, const policy::Principal* principal,
                           const std::vector<std::string>& claims);

}  // namespace durward::gateway
