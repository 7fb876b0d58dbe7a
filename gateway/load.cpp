#include "gateway/load.hpp"

#include <chrono>
#include <ctime>

#include "audit/key_files.hpp"
#include "audit/ledger_check.hpp"
#include "config/load.hpp"
#include "gateway/authn_methods.hpp"
#include "gateway/credentials.hpp"
#include "gateway/listener.hpp"
#include "gateway/version.hpp"
#include "policy/self_test.hpp"

namespace durward::gateway {

using policy::Outcome;

namespace {
void add_ownership(const std::string& path, std::vector<config::Diagnostic>& diagnostics) {
  if (auto problem = config::check_ownership(path)) diagnostics.push_back(*std::move(problem));
}

void add_self_test(const policy::Rulebook& rules, const std::map<std::string, config::Server>& servers,
                   std::vector<config::Diagnostic>& diagnostics) {
  std::vector<std::string> names;
  for (const auto& [name, server] : servers) names.push_back(name);
  const auto wrong = policy::self_test(rules, names);
  if (!wrong) return;
  config::Diagnostic& problem = diagnostics.emplace_back();
  problem.severity = config::Severity::error;
  problem.message = "the compiled policy fails its self-test: " + *wrong;
}
}  // namespace

Checked check_files(const std::string& config_path) {
  Checked checked;
  auto settings = config::load_settings(config_path);
  add_ownership(config_path, settings.diagnostics);
  bool good = settings.value && !config::has_errors(settings.diagnostics);
  if (good) checked.tls = load_tls(*settings.value, std::time(nullptr), settings.diagnostics);
  const std::string policy_path = (settings.value ? *settings.value : *settings.partial).policy.value;
  if (policy_path.empty()) {
    checked.report = config::render(settings);
    return checked;
  }

  // Mistakes in one file do not hide those in the other; but patterns are judged only where it is known which servers there
  // are.
  auto policy = config::load_policy(policy_path);
  add_ownership(policy_path, policy.diagnostics);
  config::join(settings, policy);
  good = good && !config::has_errors(settings.diagnostics);
  const config::Settings& read = settings.value ? *settings.value : *settings.partial;
  checked.report = config::render(settings);
  const config::PolicySettings& rules = policy.value ? *policy.value : *policy.partial;
  const bool seen = policy.value || !rules.file.empty();  // of a file that cannot be read there is nothing more to say
  if (good && seen) checked.rules = policy::Rulebook::compile(rules, read.servers, policy.diagnostics);
  if (checked.rules) add_self_test(*checked.rules, read.servers, policy.diagnostics);
  checked.report += config::render(policy);
  if (!policy.value || config::has_errors(policy.diagnostics)) checked.rules = nullptr;
  if (good && checked.rules) checked.settings = *std::move(settings.value);
  return checked;
}

Outcome<std::vector<std::string>, std::string> check_start(const config::Settings& settings) {
  const config::Ledger& ledger = settings.ledger;
  TRY(const audit::SigningKey key, audit::load_signing_key(ledger.key_ref.value));
  TRY(const audit::Keyring keyring, audit::load_keyring(ledger.keyring.value, ledger.key_ref.value));
  if (auto usable = audit::check_ledger(ledger, key.public_key(), keyring); !usable) return std::move(usable).error();
  TRY(const SessionSealer sealer, SessionSealer::make(keyring.session));
  KeySources sources;
  for (const config::Authn* authn : {&settings.authn, &settings.admin.authn})
    if (auto loaded = load_authn(*authn, {}, hash_keys(keyring), sources); !loaded) return std::move(loaded).error();
  if (auto loaded = load_credentials(settings); !loaded) return std::move(loaded).error();
  std::vector<std::string> open{"whether another gateway holds the ledger's lock"};
  for (const config::JwtAuthn& jwt : settings.authn.jwt)
    if (!jwt.jwks.value.starts_with("file://")) open.push_back("whether " + jwt.jwks.value + " answers with a key set");
  const std::pair<const std::string&, std::uint16_t> listeners[] = {{settings.listen.address.value, settings.listen.port},
                                                                    {settings.admin.address.value, settings.admin.port}};
  for (const auto& [address, port] : listeners) {
    TRY(const bool free, port_free(address, port));
    if (!free) open.push_back("whether " + address + ":" + std::to_string(port) + ", now in use, will be free");
  }
  return open;
}

Outcome<Start, std::string> prepare(Checked checked) {
  Start start;
  start.settings = *std::move(checked.settings);
  start.rules = std::move(checked.rules);
  start.tls = std::move(checked.tls);
  const config::Ledger& ledger = start.settings.ledger;
  TRY(audit::SigningKey key, audit::load_signing_key(ledger.key_ref.value));
  TRY(start.keyring, audit::load_keyring(ledger.keyring.value, ledger.key_ref.value));
  if (auto secrets = load_credentials(start.settings); !secrets) return std::move(secrets).error();
  audit::BootFacts boot;
  boot.gateway_version = kVersion;
  boot.rulebook = start.rules->digest();
  boot.deadline_ms = static_cast<std::uint64_t>(std::chrono::milliseconds(start.settings.limits.stream).count());
  TRY(start.ledger, audit::Ledger::open(ledger, std::move(key), start.keyring, boot));
  return start;
}

}  // namespace durward::gateway
