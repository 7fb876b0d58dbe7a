#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cmd/command.hpp"
#include "gateway/core_dumps.hpp"
#include "gateway/version.hpp"

namespace {

constexpr int kUsage = 2;

constexpr auto kAbout =
    "Durward, a security gateway for the Model Context Protocol: agents point at it, tool servers sit behind it.\n"
    "Every call is decided by a policy before it is forwarded, and leaves a signed record.\n";

constexpr auto kFooter =
    "First steps:\n"
    "  durward keys init --out .durward/keys/ed25519.key   make the keys that sign the ledger\n"
    "  durward check -c durward.yaml                       check configuration and policy, all errors at once\n"
    "  durward serve -c durward.yaml                       run the gateway\n"
    "  durward ledger verify -c durward.yaml               check the whole ledger offline\n"
    "\n"
    "Exit codes:\n"
    "  0   done; a ledger is valid\n"
    "  1   refused or invalid, such as a ledger that was changed\n"
    "  2   wrong usage, bad configuration, or a file or port that cannot be used\n"
    "  3   inconclusive: a ledger that is empty, torn at its end, or has no key\n"
    "  74  the ledger could not be written; the gateway stopped calls and ended";

// CLI11 says only that a subcommand is missing, even where a word stands in its place.
void explain_unknown_word(const CLI::App& app) {
  const std::vector<std::string> rest = app.remaining(true);
  if (rest.empty()) return;
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  std::string known;
  for (const CLI::App* one : command->get_subcommands([](const CLI::App*) { return true; }))
    known += (known.empty() ? "" : ", ") + one->get_name();
  std::fprintf(stderr, "%s: no command `%s`; there are %s\n", command->get_name().c_str(), rest.front().c_str(), known.c_str());
}

int run(int argc, char** argv) {
  CLI::App app(kAbout, "durward");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.set_version_flag("--version", "durward " + std::string(durward::gateway::kVersion));

  int exit_code = 0;
  durward::cmd::add_serve(app, exit_code);
  durward::cmd::add_check(app, exit_code);
  durward::cmd::add_demo(app, exit_code);
  durward::cmd::add_keys(app, exit_code);
  durward::cmd::add_secrets(app, exit_code);
  durward::cmd::add_ledger(app, exit_code);
  durward::cmd::add_policy(app, exit_code);
  durward::cmd::add_version(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& problem) {
    explain_unknown_word(app);
    app.exit(problem);
    return kUsage;
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : kUsage;  // CLI11 reports --help as an error, too
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  // Before anything secret is read, whatever the subcommand.
  if (!durward::gateway::forbid_core_dumps()) std::fputs("durward: core dumps could not be forbidden\n", stderr);
  try {
    return run(argc, argv);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "durward: %s\n", problem.what());
    return kUsage;
  }
}
