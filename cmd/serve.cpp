#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string_view>

#include "cmd/command.hpp"
#include "gateway/load.hpp"
#include "gateway/log.hpp"
#include "gateway/runtime.hpp"
#include "gateway/signals.hpp"

namespace durward::cmd {

namespace {

namespace log = gateway::log;

constexpr int kBadConfiguration = 2;
constexpr int kLedgerFailed = 74;

// What keeps the gateway from serving is said as `durward check` says it; the log begins when it serves.
int fail(const std::string& report, const std::string& why) {
  fmt::print(stderr, "{}durward serve: {}\n", report, why);
  return kBadConfiguration;
}

// The report's lines, each as a line of the log.
void log_report(log::LogLevel level, std::string_view report) {
  while (!report.empty()) {
    const std::size_t end = std::min(report.find('\n'), report.size());
    log::Line line;
    line.msg = report.substr(0, end);
    // The quoted line and the mark under it are for a terminal: place and mistake stand in the line before.
    if (!line.msg.starts_with(' ')) log::write(level, log::Event::configuration, line);
    report.remove_prefix(std::min(end + 1, report.size()));
  }
}

// Keeps what is in force where the new files do not hold.
void reload(gateway::Runtime& runtime, const std::string& path) {
  gateway::Checked checked = gateway::check_files(path);
  log_report(checked.good() ? log::LogLevel::warn : log::LogLevel::error, checked.report);
  log::Line line;
  line.msg = "reload refused, the old configuration and policy stay in force";
  if (!checked.good()) {
    runtime.reload_refused();
    line.detail = "see the lines before";
    log::write(log::LogLevel::error, log::Event::reload_refused, line);
    return;
  }
  const std::string digest = checked.rules->digest();
  auto reloaded = runtime.reload(*checked.settings, std::move(checked.rules), std::move(checked.tls));
  if (!reloaded) {
    line.detail = reloaded.error();
    log::write(log::LogLevel::error, log::Event::reload_refused, line);
    return;
  }
  log::configure(checked.settings->log);
  const std::string said = "reloaded rulebook=" + digest;
  line.msg = said;
  line.rulebook = digest;
  log::write(log::LogLevel::info, log::Event::reloaded, line);
}

int serve(const std::string& path) {
  gateway::Signals signals;  // before any thread, so that all inherit the mask
  gateway::Checked checked = gateway::check_files(path);
  if (!checked.good()) {
    fmt::print(stderr, "{}", checked.report);
    return kBadConfiguration;
  }
  const std::string report = checked.report;
  const std::string digest = checked.rules->digest();
  const config::Log log_settings = checked.settings->log;
  auto prepared = gateway::prepare(std::move(checked));
  if (!prepared) return fail(report, prepared.error());
  log::start(log_settings);
  auto runtime = gateway::Runtime::start(*std::move(prepared));
  if (!runtime) return fail(report, runtime.error());
  log_report(log::LogLevel::warn, report);
  gateway::Runtime& running = **runtime;
  fmt::print("data listener {}\nadmin listener {}\n", running.data_url(), running.admin_url());
  std::fflush(stdout);
  log::write(log::LogLevel::info, log::Event::started, {.msg = "serving", .rulebook = digest});
  while (signals.wait() == gateway::Signals::Kind::reload) reload(running, path);
  log::write(log::LogLevel::info, log::Event::draining, {.msg = "draining"});
  const bool whole = running.drain();
  log::finish();
  return whole ? 0 : kLedgerFailed;
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
