#include "policy/authn/api_keys.hpp"

#include <sodium.h>

#include <algorithm>

namespace durward::authn {
namespace {

constexpr std::size_t kId = 12, kSecret = 43, kHash = 32;
constexpr std::string_view kPrefix = "dw_";
constexpr std::string_view kIdBytes = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kSecretBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool only(std::string_view text, std::string_view bytes) { return text.find_first_not_of(bytes) == std::string_view::npos; }

// The domain is hashed along, so that the same key of the keyring can never vouch for anything else.
std::string hash_of(std::string_view key, const HashKey& hash_key) {
  constexpr std::string_view kDomain = "durward-api-key-v1\n";
  crypto_generichash_state state;
  std::string out(kHash, '\0');
  const auto bytes = [](std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); };
  const std::string_view secret = hash_key.key.reveal();
  crypto_generichash_init(&state, bytes(secret), secret.size(), kHash);
  crypto_generichash_update(&state, bytes(kDomain), kDomain.size());
  crypto_generichash_update(&state, bytes(key), key.size());
  crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(out.data()), out.size());
  sodium_memzero(&state, sizeof state);
  return out;
}

policy::Identity identity_of(const ApiKeyEntry& entry, const std::string& tenant) {
  policy::Identity who;
  who.method = policy::AuthnMethod::api_key;
  who.issuer = policy::name(policy::AuthnMethod::api_key);
  who.tenant = entry.tenant.empty() ? tenant : entry.tenant;
  who.subject = entry.subject;
  who.client_id = entry.id;
  who.groups = entry.groups;
  who.roles = entry.roles;
  who.scopes = entry.scopes;
  who.expiry = entry.expires;
  return who;
}

}  // namespace

NewApiKey make_api_key(std::string_view id, std::string_view random, const HashKey& hash_key) {
  NewApiKey made;
  std::string text(kPrefix);
  text.append(id).append("_").append(crypto::base64url(random));
  made.entry.id = id;
  made.entry.hash = hash_of(text, hash_key);
  made.entry.hash_key = hash_key.id;
  made.text = config::Secret(text);
  sodium_memzero(text.data(), text.size());
  return made;
}

policy::Outcome<ApiKeys, std::string> ApiKeys::make(const ApiKeyFile& file, const std::vector<HashKey>& hash_keys,
                                                    const config::Tenants& tenants, const std::string& tenant) {
  if (hash_keys.empty()) return std::string("the keyring has no key for API keys (`apikey`)");
  ApiKeys out;
  for (const HashKey& one : hash_keys) out.hash_keys_.insert_or_assign(one.id, one);
  out.newest_ = &out.hash_keys_.at(hash_keys.back().id);
  const TenantRule rule(tenants);
  for (const ApiKeyEntry& entry : file.keys) {
    const auto hash_key = out.hash_keys_.find(entry.hash_key);
    if (hash_key == out.hash_keys_.end()) return "the key " + entry.id + " was made under a key that the keyring does not have";
    policy::Principal who(identity_of(entry, tenant));
    const bool may_speak = rule.may_assert(who.tenant());
    out.keys_.emplace(entry.id, Key{std::move(who), entry.hash, &hash_key->second, may_speak});
  }
  return out;
}

Outcome<policy::Principal> ApiKeys::check(std::string_view presented, std::int64_t now) const {
  constexpr std::size_t kLength = kPrefix.size() + kId + 1 + kSecret;
  if (presented.size() != kLength || !presented.starts_with(kPrefix)) return Defect::api_key_malformed;
  const std::string_view id = presented.substr(kPrefix.size(), kId);
  if (!only(id, kIdBytes) || presented[kPrefix.size() + kId] != '_' || !only(presented.substr(kLength - kSecret), kSecretBytes))
    return Defect::api_key_malformed;
  const auto found = keys_.find(std::string(id));
  const Key* key = found == keys_.end() ? nullptr : &found->second;
  // An unknown id costs what a known one does.
  static const std::string kDummy(kHash, '\0');
  const std::string& wanted = key ? key->hash : kDummy;
  const std::string hash = hash_of(presented, key ? *key->hash_key : *newest_);
  const bool same = sodium_memcmp(hash.data(), wanted.data(), kHash) == 0;
  if (!key) return Defect::api_key_unknown;
  if (!same) return Defect::api_key_wrong;
  if (key->principal.expiry() && now >= *key->principal.expiry()) return Defect::api_key_expired;
  if (!key->may_speak) return Defect::tenant_not_issuers;
  return key->principal;
}

bool ApiKeys::holds(const policy::Principal& principal, std::int64_t now) const {
  const auto found = keys_.find(principal.client_id());
  if (found == keys_.end() || !found->second.may_speak || found->second.principal.hash() != principal.hash()) return false;
  const auto expiry = found->second.principal.expiry();
  return !expiry || now < *expiry;
}

}  // namespace durward::authn
