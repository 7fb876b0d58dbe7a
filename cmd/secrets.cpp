#include <fmt/core.h>

#include <memory>

#include "cmd/command.hpp"
#include "config/load.hpp"
#include "gateway/credentials.hpp"

namespace durward::cmd {

namespace {

constexpr int kMissing = 2;

int check(const std::string& path) {
  const auto settings = config::load_settings(path);
  if (!settings.value || config::has_errors(settings.diagnostics)) {
    fmt::print(stderr, "{}", config::render(settings));
    return kMissing;
  }
  std::size_t available = 0, unsupported = 0, missing = 0;
  for (const gateway::ReferenceState& one : gateway::check_references(*settings.value)) {
    if (!one.fault) {
      ++available;
      fmt::print("{}: available\n", one.setting);
      continue;
    }
    ++(*one.fault == config::RefFault::unsupported ? unsupported : missing);
    fmt::print("{}: {}\n", one.setting, one.problem);
  }
  fmt::print("{} available, {} missing, {} unsupported\n", available, missing, unsupported);
  return missing + unsupported == 0 ? 0 : kMissing;
}

}  // namespace

void add_secrets(CLI::App& app, int& exit_code) {
  CLI::App* secrets = app.add_subcommand("secrets", "What the configuration names as secrets")->require_subcommand(1);
  CLI::App* command = secrets->add_subcommand(
      "check", "Resolve every reference, and say of each setting whether it can be had; never the reference or the secret");
  auto path = std::make_shared<std::string>("durward.yaml");
  command->add_option("-c,--config", *path, "The configuration")->capture_default_str();
  command->callback([path, &exit_code] { exit_code = check(*path); });
}

}  // namespace durward::cmd
