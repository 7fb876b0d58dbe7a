#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/secret.hpp"
#include "policy/authn/cause.hpp"
#include "policy/authn/tenants.hpp"
#include "policy/principal.hpp"

namespace durward::authn {

/// A key of the keyring's list `apikey`: 32 bytes.
struct HashKey {
  std::string id;
  config::Secret key;
};

/// What is on file of one API key: everything but the key.
struct ApiKeyEntry {
  std::string id;        // 12 of [a-z0-9]
  std::string hash;      // 32 bytes: BLAKE2b-256 of the whole key, keyed
  std::string hash_key;  // id of the HashKey
  std::string subject;
  std::string tenant;  // empty: the policy's
  std::vector<std::string> groups, roles, scopes;
  std::int64_t created = 0;             // Unix seconds
  std::optional<std::int64_t> expires;  // Unix seconds
};

/// The file that `durward keys api-key` writes: {"v":1,"keys":[…]}.
struct ApiKeyFile {
  std::vector<ApiKeyEntry> keys;
  /// Strict: no unknown member, no id twice. Errors: one clause without anything of the text.
  static policy::Outcome<ApiKeyFile, std::string> parse(std::string_view json);
  std::string to_json() const;
};
inline constexpr std::size_t kApiKeyFileBytes = 4 << 20;
inline constexpr std::size_t kApiKeys = 10'000;

/// `dw_` ‖ id ‖ `_` ‖ 43 of base64url.
struct NewApiKey {
  config::Secret text;
  ApiKeyEntry entry;  // its id, hash and hash_key
};
/// id: 12 of [a-z0-9]. random: 32 bytes.
NewApiKey make_api_key(std::string_view id, std::string_view random, const HashKey& hash_key);

/// Checks API keys. Immutable.
class ApiKeys {
 public:
  /// hash_keys: all of the keyring, the one that writes last. tenant: the policy's, of keys that have none. Errors: one clause;
  /// an entry that was hashed under a key that is not there.
  static policy::Outcome<ApiKeys, std::string> make(const ApiKeyFile& file, const std::vector<HashKey>& hash_keys,
                                                    const config::Tenants& tenants, const std::string& tenant);

  /// Whose key this is. now in Unix seconds. It takes the same time whether its id is known or not. Errors: api_key_…,
  /// tenant_not_issuers.
  Outcome<policy::Principal> check(std::string_view presented, std::int64_t now) const;
  /// Whether the key with which that principal came is still on file and good.
  bool holds(const policy::Principal& principal, std::int64_t now) const;
  std::size_t size() const { return keys_.size(); }

  ApiKeys(ApiKeys&&) = default;  // what points into it stays where it is
  ApiKeys(const ApiKeys&) = delete;

 private:
  struct Key {
    policy::Principal principal;
    std::string hash;
    const HashKey* hash_key;
    bool may_speak;  // for its tenant
  };
  ApiKeys() = default;
  std::map<std::string, HashKey> hash_keys_;
  const HashKey* newest_ = nullptr;
  std::unordered_map<std::string, Key> keys_;
};

}  // namespace durward::authn
