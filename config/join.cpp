#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "config/checks.hpp"
#include "config/load.hpp"

namespace durward::config {
namespace {

/// Whether accepting entry accepts key: the key itself, or all that is under an entry.
bool covers(std::string_view entry, std::string_view key) {
  return key == entry || (key.starts_with(entry) && key.size() > entry.size() && key[entry.size()] == '.');
}

void join_keys(Settings& settings, const PolicySettings& policy, Report& of_settings, Report& of_policy) {
  Located<std::string>& key = settings.ledger.key_ref;
  const Located<std::string>& other = policy.key_ref;
  if (key.value.empty() && other.value.empty()) {
    of_settings.error(of_settings.at(0, 0),
                      "ledger.key_ref is missing: name the signing key that `durward keys init` made, as file://./path");
  } else if (key.value.empty()) {
    key = other;
    place_keyring(settings.ledger, of_policy);
    Settings keys;  // the others are expanded already
    keys.ledger = settings.ledger;
    expand_credentials(keys, std::getenv("CREDENTIALS_DIRECTORY"), of_policy);
    settings.ledger = keys.ledger;
  } else if (!other.value.empty() && other.value != key.value) {
    of_policy.error(other.where,
                    fmt::format("signing.key_ref names another key than ledger.key_ref on line {} of {}: leave one out",
                                key.where.line, key.where.file));
  }
}

void join_inactive(const Settings& settings, const PolicySettings& policy, Report& of_settings, Report& of_policy) {
  const auto& accepted = settings.accept_inactive;
  for (const Located<std::string>& key : policy.inactive) {
    const bool known =
        std::any_of(accepted.begin(), accepted.end(), [&](const auto& one) { return covers(one.value, key.value); });
    if (known) {
      of_policy.warning(key.where, fmt::format("{} does nothing yet, as accept_inactive accepts", key.value));
    } else {
      of_policy.error(
          key.where,
          fmt::format("{} does nothing yet: leave it out, or list it under accept_inactive in durward.yaml", key.value));
    }
  }
  std::vector<std::string> names;
  for (const auto& key : policy.inactive) names.push_back(key.value);
  for (const Located<std::string>& entry : accepted) {
    const bool used = std::any_of(names.begin(), names.end(), [&](const std::string& one) { return covers(entry.value, one); });
    if (used) continue;
    const std::string near = nearest(entry.value, names);
    of_settings.warning(entry.where,
                        fmt::format("accept_inactive names {}, which is no key of the policy that does nothing{}",
                                    quote(entry.value), near.empty() ? "" : fmt::format(": did you mean {}?", near)));
  }
}

template <class T>
void add(Loaded<T>& loaded, Report& report) {
  const bool failed = report.failed();
  for (Diagnostic& one : report.take()) loaded.diagnostics.push_back(std::move(one));
  if (failed && loaded.value) loaded.partial = std::exchange(loaded.value, std::nullopt);
}

}  // namespace

void join(Loaded<Settings>& settings, Loaded<PolicySettings>& policy) {
  Settings& operator_file = settings.value ? *settings.value : *settings.partial;
  const PolicySettings& policy_file = policy.value ? *policy.value : *policy.partial;
  Report of_settings(operator_file.file), of_policy(policy_file.file);
  join_keys(operator_file, policy_file, of_settings, of_policy);
  join_inactive(operator_file, policy_file, of_settings, of_policy);
  add(settings, of_settings);
  add(policy, of_policy);
}

}  // namespace durward::config
