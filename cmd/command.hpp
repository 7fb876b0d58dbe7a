#pragma once
#include <CLI/CLI.hpp>

/// One function per subcommand: it adds the subcommand to the app; the callback stores the process's exit code.
namespace durward::cmd {

void add_serve(CLI::App& app, int& exit_code);
void add_check(CLI::App& app, int& exit_code);
void add_demo(CLI::App& app, int& exit_code);
void add_keys(CLI::App& app, int& exit_code);
void add_api_key(CLI::App& keys, int& exit_code);  // within `keys`
void add_secrets(CLI::App& app, int& exit_code);
void add_ledger(CLI::App& app, int& exit_code);
void add_policy(CLI::App& app, int& exit_code);
void add_version(CLI::App& app, int& exit_code);

}  // namespace durward::cmd
