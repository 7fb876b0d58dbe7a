#include <fmt/core.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <memory>

#include "cmd/command.hpp"
#include "gateway/load.hpp"
#include "gateway/runtime.hpp"
#include "gateway/signals.hpp"

namespace durward::cmd {

namespace {

constexpr int kBadConfiguration = 2;
constexpr int kLedgerFailed = 74;

int fail(const std::string& why) {
  fmt::print(stderr, "durward serve: {}\n", why);
  return kBadConfiguration;
}

// Keeps what is in force where the new files do not hold.
void reload(gateway::Runtime& runtime, const std::string& path) {
  gateway::Checked checked = gateway::check_files(path);
  if (!checked.report.empty()) fmt::print(stderr, "{}", checked.report);
  if (!checked.good()) {
    spdlog::error("reload refused, the old configuration and policy stay in force: see the errors above");
    return;
  }
  const std::string digest = checked.rules->digest();
  auto reloaded = runtime.reload(*checked.settings, std::move(checked.rules));
  if (reloaded) {
    spdlog::info("reloaded rulebook={}", digest);
  } else {
    spdlog::error("reload refused, the old configuration and policy stay in force: {}", reloaded.error());
  }
}

int serve(const std::string& path) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("durward"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  gateway::Signals signals;  // before any thread, so that all inherit the mask
  gateway::Checked checked = gateway::check_files(path);
  if (!checked.report.empty()) fmt::print(stderr, "{}", checked.report);
  if (!checked.good()) return kBadConfiguration;
  auto prepared = gateway::prepare(std::move(checked));
  if (!prepared) return fail(prepared.error());
  auto runtime = gateway::Runtime::start(*std::move(prepared));
  if (!runtime) return fail(runtime.error());
  gateway::Runtime& running = **runtime;
  fmt::print("data listener {}\nadmin listener {}\n", running.data_url(), running.admin_url());
  std::fflush(stdout);
  while (signals.wait() == gateway::Signals::Kind::reload) reload(running, path);
  spdlog::info("draining");
  return running.drain() ? 0 : kLedgerFailed;
}

}  // namespace

void add_serve(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("serve", "Run the gateway");
  command->footer(
      "SIGHUP reads configuration and policy again, or keeps what is in force and says why. SIGTERM and Ctrl-C let calls "
      "under\n"
      "way finish, then end.");
  auto path = std::make_shared<std::string>("durward.yaml");
  command->add_option("-c,--config", *path, "The configuration")->capture_default_str();
  command->callback([path, &exit_code] { exit_code = serve(*path); });
}

}  // namespace durward::cmd
