#pragma once
#include <string>

#include "policy/outcome.hpp"

namespace durward::gateway {

struct ExplainedRequest {
  std::string text;
  bool allowed = false;
};

/// What the policy of a configuration makes of the request in a file (policy::read_supposed says what stands in it). Errors:
/// what is wrong with any of the files.
policy::Outcome<ExplainedRequest, std::string> explain_request(const std::string& config, const std::string& request,
                                                               bool as_json);

}  // namespace durward::gateway
