#pragma once
#include "policy/compile.hpp"

/// For whoever writes a policy: what `durward policy check` says besides what a start would.
namespace durward::policy {

/// Servers without settings of their own, one for each name without `*` that the policy writes.
Servers servers_named_in(const config::PolicySettings& policy);

/// Wildcards worth a look: entries of allowlists that also allow tools which a server gets only later. Warnings.
void review_wildcards(const config::PolicySettings& policy, Diagnostics& diagnostics);

}  // namespace durward::policy
