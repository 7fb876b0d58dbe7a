#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/authn/api_keys.hpp"

/// `durward keys api-key`: makes, lists and revokes keys in the file that `authn` names. What changes takes force with the next
/// reload.
namespace durward::gateway {

/// Where keys are, and under what they are hashed.
struct ApiKeyPlace {
  std::string file;
  std::string keyring;      // file:// reference
  config::Tenants tenants;  // that its keys may name
};

/// By durward.yaml: its file of API keys, or the one named, which must be one of them. Errors: one sentence, or the
/// diagnostics.
policy::Outcome<ApiKeyPlace, std::string> find_api_keys(const std::string& config, const std::string& file);

/// Adds a key and returns it: nobody can read it anywhere afterwards. wanted: everything but id, hash and times; expires:
/// seconds from now. The file is made if it is missing. Errors: one sentence.
policy::Outcome<config::Secret, std::string> add_api_key(const ApiKeyPlace& place, authn::ApiKeyEntry wanted,
                                                         std::optional<std::int64_t> expires);
policy::Outcome<std::vector<authn::ApiKeyEntry>, std::string> list_api_keys(const ApiKeyPlace& place);
/// Errors: one sentence; no key of that id.
policy::Outcome<void, std::string> revoke_api_key(const ApiKeyPlace& place, const std::string& id);

}  // namespace durward::gateway
