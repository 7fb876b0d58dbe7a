#include <fmt/core.h>

#include "cmd/command.hpp"
#include "gateway/version.hpp"

namespace durward::cmd {

void add_version(CLI::App& app, int& /*exit_code*/) {
  app.add_subcommand("version", "Print the version")->callback([] { fmt::print("durward {}\n", gateway::kVersion); });
}

}  // namespace durward::cmd
