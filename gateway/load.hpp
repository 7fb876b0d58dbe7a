#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "gateway/runtime.hpp"
#include "gateway/tls.hpp"
#include "policy/rulebook.hpp"

namespace durward::gateway {

/// Both files, read and compiled. value parts are empty if and only if report tells an error.
struct Checked {
  std::optional<config::Settings> settings;
  std::shared_ptr<const policy::Rulebook> rules;
  std::shared_ptr<const Tls> tls;
  std::string report;  // every diagnostic with its source line; warnings too
  bool good() const { return settings && rules; }
};

/// Everything that `serve` would refuse in durward.yaml, policy.yaml and the certificates and keys that they name: syntax,
/// values, patterns, ownership. Opens no port and touches no ledger.
Checked check_files(const std::string& config_path);

/// What prepare() and Runtime::start would refuse besides: keys, ledger, addresses and ports. Writes nothing, and may be called
/// while a gateway runs with these settings: a port in use is no error, but named in the result, as is the ledger's lock, which
/// is not looked at. Errors: the sentence that `serve` would end with.
policy::Outcome<std::vector<std::string>, std::string> check_start(const config::Settings& settings);

/// Loads the keys, opens the ledger. Errors: one sentence.
policy::Outcome<Start, std::string> prepare(Checked checked);

}  // namespace durward::gateway
