#pragma once
#include <string>
#include <string_view>

#include "audit/key_files.hpp"
#include "audit/keys.hpp"
#include "config/settings.hpp"
#include "policy/outcome.hpp"

/// What Ledger::open asks of files and settings. Every error is one sentence for the operator.
namespace durward::audit {

/// The origin that a log begun now would have: `ledger.origin`, else what `keys init` put beside the signing key; empty where
/// neither is there.
policy::Outcome<Text, std::string> wanted_origin(const config::Ledger& settings);

/// Whether there is a key for commitments of what belongs to no tenant.
policy::Outcome<void, std::string> check_commit_key(const Keyring& keyring);

/// Whether Ledger::open would succeed, as far as that can be told without writing: the error that it would give. Not looked at
/// is whether another gateway holds the ledger's lock; it may be called while one does.
policy::Outcome<void, std::string> check_ledger(const config::Ledger& settings, std::string_view public_key,
                                                const Keyring& keyring);

}  // namespace durward::audit
