#pragma once
#include <vector>

#include "policy/rules/data.hpp"

/// What cannot have been meant by rules that are well formed.
namespace durward::policy::rules {

/// Predicates over one argument that can never hold together: an error.
void check_possible(const config::ArgumentCondition& condition, Diagnostics& diagnostics);

/// Rules that can change no verdict: warnings. rules: those of the policy that are not off, in order.
void review(const config::PolicySettings& policy, const std::vector<CompiledRule>& rules, Diagnostics& diagnostics);

}  // namespace durward::policy::rules
