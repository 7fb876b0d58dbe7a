#include <fmt/core.h>

#include <memory>

#include "cmd/command.hpp"
#include "gateway/load.hpp"

namespace durward::cmd {

namespace {

int check(const std::string& path) {
  const gateway::Checked checked = gateway::check_files(path);
  if (!checked.report.empty()) fmt::print(stderr, "{}", checked.report);
  if (!checked.good()) return 2;
  const auto open = gateway::check_start(*checked.settings);
  if (!open) {
    fmt::print(stderr, "durward check: {}\n", open.error());
    return 2;
  }
  fmt::print("{}: good; rulebook {}\n", path, checked.rules->digest());
  for (const std::string& question : *open) fmt::print("not checked: {}\n", question);
  return 0;
}

}  // namespace

void add_check(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("check", "Check all that `serve` needs: in the files all errors at once, with their places");
  auto path = std::make_shared<std::string>("durward.yaml");
  command->add_option("-c,--config", *path, "The configuration")->capture_default_str();
  command->callback([path, &exit_code] { exit_code = check(*path); });
}

}  // namespace durward::cmd
