#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/keys.hpp"
#include "gateway/key_source.hpp"
#include "gateway/protected_resource.hpp"
#include "policy/authn/api_keys.hpp"
#include "policy/authn/client_ca.hpp"
#include "policy/authn/issuer.hpp"

namespace durward::gateway {

/// Everything in `authn`, with the files that it names, as one immutable object: part of a snapshot. What an issuer's keys are
/// now is with its KeySource.
struct AuthnMethods {
  struct JwtIssuer {
    authn::Issuer issuer;
    std::shared_ptr<KeySource> keys;
  };
  bool anonymous = false;
  std::vector<JwtIssuer> issuers;
  std::vector<authn::ApiKeys> api_keys;
  std::vector<authn::ClientCa> client_cas;

  /// By `iss`, byte for byte; null: none of ours.
  const JwtIssuer* issuer(std::string_view name) const;
  /// The holder of an API key in any of the files. Errors: as authn::ApiKeys::check; method_not_configured.
  authn::Outcome<policy::Principal> api_key(std::string_view presented, std::int64_t now) const;
  /// Whether a caller who was known may still be: the credential has not expired, nor been taken back. Unix seconds.
  bool holds(const policy::Principal& principal, std::int64_t now) const;
};

/// Those of the keyring for API keys.
std::vector<authn::HashKey> hash_keys(const audit::Keyring& keyring);

/// What the policy says of callers.
struct Asked {
  std::string tenant;               // of those whose credential has none
  std::vector<std::string> claims;  // that rules ask for
};

/// Reads the files that the methods name. sources: where key sets are kept from one snapshot to the next.
/// Errors: one sentence that names the file, never its content.
policy::Outcome<std::shared_ptr<const AuthnMethods>, std::string> load_authn(const config::Authn& settings, const Asked& asked,
                                                                             const std::vector<authn::HashKey>& hash_keys,
                                                                             KeySources& sources);

}  // namespace durward::gateway
