#include <fmt/core.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "audit/key_files.hpp"
#include "audit/platform.hpp"
#include "audit/query.hpp"
#include "audit/record.hpp"
#include "audit/verify.hpp"
#include "cmd/command.hpp"
#include "config/load.hpp"

namespace durward::cmd {
namespace {

/// Where the log and its key are, from the options that verify and show share.
struct Where {
  std::vector<std::string> paths;
  std::string config;
  std::string dir = ".durward/ledger";
  std::string key;
  std::string origin;
  bool json = false;
  unsigned threads = 0;
};

struct Sources {
  std::vector<std::string> paths;
  std::string key_ref;  // of the signing key, or empty
};

int fail(const std::string& why) {
  fmt::print(stderr, "durward ledger: {}\n", why);
  return 2;
}

std::vector<std::string> record_types() {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < audit::kTypes; ++i) words.emplace_back(name(static_cast<audit::Type>(i)));
  return words;
}

std::vector<std::string> verdicts() {
  using policy::Verdict;
  std::vector<std::string> words;
  for (const Verdict verdict : {Verdict::allow, Verdict::escalate, Verdict::deny}) words.emplace_back(name(verdict));
  return words;
}

policy::Outcome<Sources, std::string> resolve(const Where& where) {
  Sources out;
  out.paths = where.paths;
  if (!where.config.empty()) {
    const auto loaded = config::load_settings(where.config);
    if (!loaded.value) return config::render(loaded);
    if (out.paths.empty()) out.paths = {loaded.value->ledger.dir.value};
    out.key_ref = loaded.value->ledger.key_ref.value;
    if (out.key_ref.empty()) {  // then the policy names it
      const auto policy = config::load_policy(loaded.value->policy.value);
      if (!policy.value) return config::render(policy);
      out.key_ref = policy.value->key_ref.value;
    }
    return out;
  }
  if (out.paths.empty()) out.paths = {where.dir};
  const std::string beside = std::filesystem::absolute(".durward/keys/ed25519.key").string();
  if (std::filesystem::exists(beside)) out.key_ref = "file://" + beside;
  return out;
}

policy::Outcome<std::vector<std::string>, std::string> keys_in(const std::string& file) {
  TRY(const audit::Text text, audit::read_text_file(file, 1U << 16));
  std::vector<std::string> keys;
  const auto known = audit::parse_public_key(text.value);
  if (known) keys.push_back(known->value);
  // A signing key's file looks like a bare public key: whichever of the two signed the log is meant.
  if (const auto own = audit::SigningKey::parse(text.value)) keys.push_back(own->public_key());
  if (keys.empty()) return file + ": " + known.error();
  return keys;
}

/// --key wins over the configuration's signing key, whose public half is then enough.
policy::Outcome<std::vector<std::string>, std::string> keys_of(const Where& where, const std::string& key_ref) {
  const bool reference = where.key.find("://") != std::string::npos;
  if (!where.key.empty() && !reference) return keys_in(where.key);
  const std::string& chosen = reference ? where.key : key_ref;
  if (chosen.empty()) return std::vector<std::string>{};
  TRY(const audit::SigningKey key, audit::load_signing_key(chosen));
  return std::vector<std::string>{key.public_key()};
}

std::uint64_t bytes_of(const std::vector<std::string>& paths) {
  std::uint64_t bytes = 0;
  std::error_code ignored;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path, ignored)) {
      bytes += std::filesystem::file_size(path, ignored);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path, ignored))
      if (entry.path().extension() == ".ndjson") bytes += entry.file_size(ignored);
  }
  return bytes;
}

int verify(const Where& where) {
  const auto sources = resolve(where);
  if (!sources) return fail(sources.error());
  auto keys = keys_of(where, sources->key_ref);
  if (!keys) return fail(keys.error());
  audit::VerifyRequest request{sources->paths, *std::move(keys), where.origin, where.threads, {}};
  const std::uint64_t all = bytes_of(request.paths);
  const bool bar = ::isatty(STDERR_FILENO) == 1 && all > (64U << 20);
  if (bar)
    request.progress = [all](std::uint64_t bytes) {
      fmt::print(stderr, "\r{:3}%", std::min<std::uint64_t>(bytes * 100 / all, 100));
    };
  const audit::VerifyReport report = audit::verify_log(request);
  if (bar) fmt::print(stderr, "\r    \r");
  fmt::print("{}", where.json ? audit::to_json(report) : audit::to_text(report));
  return report.exit_code;
}

int show(const Where& where, audit::Query query, const std::string& last) {
  if (!last.empty()) {
    const auto span = audit::parse_span(last);
    if (!span) return fail("--last takes a number and s, m, h or d, for example 24h");
    query.since_ms = audit::real_platform().unix_ms() - *span;
  }
  const auto sources = resolve(where);
  if (!sources) return fail(sources.error());
  const auto found = audit::find_records(sources->paths, query);
  if (!found) return fail(found.error());
  if (where.json) {
    for (const std::string& line : found->lines) fmt::print("{}\n", line);
  } else {
    fmt::print("{}", audit::table_of(found->lines));
  }
  if (found->matched > found->lines.size())
    fmt::print(stderr, "{} older records match too; --limit 0 shows all\n", found->matched - found->lines.size());
  if (found->unreadable > 0)
    fmt::print(stderr, "{} lines are not records; `durward ledger verify` says more\n", found->unreadable);
  return 0;
}

void add_where(CLI::App* command, Where& where) {
  command->add_option("paths", where.paths, "Ledger folder, or segment files in their order");
  command->add_option("-c,--config", where.config, "The gateway's configuration, which names folder and key");
  command->add_option("--dir", where.dir, "The ledger's folder, where neither paths nor a configuration are given")
      ->capture_default_str();
  command->add_flag("--json", where.json, "Machine-readable output");
}

void add_verify(CLI::App* ledger, int& exit_code) {
  CLI::App* command = ledger->add_subcommand("verify", "Check every line, chain and signature, offline");
  auto where = std::make_shared<Where>();
  add_where(command, *where);
  command->add_option("--key", where->key,
                      "Public key: a file with PEM, C2SP form or `keys public` output, or a key reference "
                      "(default: the configuration's, or .durward/keys/ed25519.key)");
  command->add_option("--origin", where->origin, "The origin that the log must have");
  command->add_option("--threads", where->threads, "That take lines apart; 0: as many as there are cores, within reason")
      ->capture_default_str();
  command->footer("Exit codes: 0 valid, 1 invalid (says which line), 2 usage or I/O, 3 inconclusive");
  command->callback([where, &exit_code] { exit_code = verify(*where); });
}

void add_show(CLI::App* ledger, int& exit_code) {
  CLI::App* command = ledger->add_subcommand("show", "List records; checks nothing");
  auto where = std::make_shared<Where>();
  auto query = std::make_shared<audit::Query>();
  auto last = std::make_shared<std::string>();
  add_where(command, *where);
  command->add_option("--last", *last, "Only records of the last 90s, 15m, 24h, 7d …");
  command->add_option("--tool", query->tool, "Only this tool; * matches any characters");
  command->add_option("--server", query->server, "Only this server; * matches any characters");
  command->add_option("--sub", query->sub, "Only this subject; * matches any characters");
  command->add_option("--verdict", query->verdict, "Only this verdict")->check(CLI::IsMember(verdicts()));
  command->add_option("--type", query->type, "Only this type of record")->check(CLI::IsMember(record_types()));
  command->add_option("--limit", query->limit, "At most so many, the newest; 0: all")->capture_default_str();
  command->callback([where, query, last, &exit_code] { exit_code = show(*where, *query, *last); });
}

}  // namespace

void add_ledger(CLI::App& app, int& exit_code) {
  CLI::App* ledger = app.add_subcommand("ledger", "Verify and read ledgers, offline")->require_subcommand(1);
  add_verify(ledger, exit_code);
  add_show(ledger, exit_code);
}

}  // namespace durward::cmd
