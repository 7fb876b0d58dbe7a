#pragma once
#include <string>

namespace durward::gateway {

struct PolicyCheck {
  bool good = false;
  std::string digest;  // of the rulebook, where it is good
  std::string report;  // every diagnostic with its source line; also what only an author wants to hear
};

/// A policy by itself. config: the durward.yaml that says which servers there are and which inactive keys it accepts; empty:
/// the servers are those that the policy names, and inactive keys are warnings.
PolicyCheck check_policy(const std::string& file, const std::string& config);

}  // namespace durward::gateway
