#include "gateway/policy_check.hpp"

#include "config/load.hpp"
#include "policy/authoring.hpp"
#include "policy/rulebook.hpp"

namespace durward::gateway {

PolicyCheck check_policy(const std::string& file, const std::string& config) {
  PolicyCheck out;
  auto policy = config::load_policy(file);
  if (auto problem = config::check_ownership(file)) policy.diagnostics.push_back(*std::move(problem));
  std::map<std::string, config::Server> servers;
  if (config.empty()) {
    const config::PolicySettings& read = policy.value ? *policy.value : *policy.partial;
    servers = policy::servers_named_in(read);
    for (const auto& key : read.inactive)
      policy.diagnostics.push_back(
          {config::Severity::warning, key.where,
           key.value + " does nothing yet: serve starts only if durward.yaml lists it under accept_inactive"});
  } else {
    auto settings = config::load_settings(config);
    config::join(settings, policy);
    out.report = config::render(settings);
    if (!settings.value) return out;
    servers = settings.value->servers;
  }
  const config::PolicySettings& read = policy.value ? *policy.value : *policy.partial;
  std::shared_ptr<const policy::Rulebook> rules;
  if (!read.file.empty()) {
    rules = policy::Rulebook::compile(read, servers, policy.diagnostics);
    policy::review_wildcards(read, policy.diagnostics);
  }
  out.report += config::render(policy);
  out.good = rules && policy.value && !config::has_errors(policy.diagnostics);
  if (out.good) out.digest = rules->digest();
  return out;
}

}  // namespace durward::gateway
