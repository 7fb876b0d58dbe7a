#pragma once
#include <string>

#include "config/document.hpp"
#include "config/policy_settings.hpp"
#include "config/settings.hpp"

namespace durward::config {

/// What no single key of durward.yaml tells: which settings contradict each other.
void check(const Settings& settings, Report& report);

/// Makes paths absolute, names in lower case, and fills in the keyring's place.
void settle_paths(Settings& settings, const std::string& base_dir, Report& report);

/// The same of policy.yaml.
void settle_paths(PolicySettings& policy, const std::string& base_dir);

/// The keyring's place, where none is written: beside the signing key.
void place_keyring(Ledger& ledger, Report& report);

/// Puts directory in the place of ${CREDENTIALS_DIRECTORY}; null: it is not set.
void expand_credentials(Settings& settings, const char* directory, Report& report);

}  // namespace durward::config
