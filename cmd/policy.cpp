#include <fmt/core.h>

#include <memory>
#include <string>

#include "cmd/command.hpp"
#include "gateway/explain.hpp"
#include "gateway/policy_check.hpp"

namespace durward::cmd {

namespace {

int check(const std::string& file, const std::string& config) {
  const gateway::PolicyCheck checked = gateway::check_policy(file, config);
  if (!checked.report.empty()) fmt::print(stderr, "{}", checked.report);
  if (!checked.good) return 2;
  fmt::print("{}: good; rulebook {}\n", file, checked.digest);
  return 0;
}

int explain(const std::string& config, const std::string& request, bool as_json) {
  const auto told = gateway::explain_request(config, request, as_json);
  if (!told) {
    fmt::print(stderr, "durward policy explain: {}\n", told.error());
    return 2;
  }
  fmt::print("{}", told->text);
  return told->allowed ? 0 : 1;
}

}  // namespace

void add_policy(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("policy", "Check policies, and explain what they decide");
  command->require_subcommand(1);

  CLI::App* checks = command->add_subcommand("check", "Check a policy file: all mistakes at once, with their places");
  auto file = std::make_shared<std::string>();
  auto beside = std::make_shared<std::string>();
  checks->add_option("FILE", *file, "The policy")->required();
  checks->add_option("-c,--config", *beside, "durward.yaml: which servers there are; without it those that the policy names");
  checks->callback([file, beside, &exit_code] { exit_code = check(*file, *beside); });

  CLI::App* explains =
      command->add_subcommand("explain", "Say what is decided on a request, and why; exits 1 where it is refused");
  auto config = std::make_shared<std::string>("durward.yaml");
  auto request = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  explains->add_option("-c,--config", *config, "The configuration")->capture_default_str();
  explains->add_option("REQUEST", *request, "A file with the request, as JSON: see deploy/docs/policy.md")->required();
  explains->add_flag("--json", *json, "Say it as JSON");
  explains->callback([config, request, json, &exit_code] { exit_code = explain(*config, *request, *json); });
}

}  // namespace durward::cmd
