#include <fmt/core.h>

#include "cmd/command.hpp"

namespace durward::cmd {

std::string_view version() { return DURWARD_VERSION; }

void add_version(CLI::App& app, int& /*exit_code*/) {
  app.add_subcommand("version", "Print the version")->callback([] { fmt::print("durward {}\n", version()); });
}

}  // namespace durward::cmd
