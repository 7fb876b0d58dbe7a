#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/digest.hpp"

namespace durward::authn {
class Issuer;
class ApiKeys;
class ClientCa;
}  // namespace durward::authn

namespace durward::policy {

/// How a caller was verified. Closed list: its words are `authn_method` in records and labels of metrics.
enum class AuthnMethod : std::uint8_t { anonymous, self, jwt, api_key, mtls };
inline constexpr std::size_t kAuthnMethods = static_cast<std::size_t>(AuthnMethod::mtls) + 1;
std::string_view name(AuthnMethod method) noexcept;

/// What a verified credential says of its holder.
struct Identity {
  std::string tenant, issuer, subject, client_id;
  std::vector<std::string> groups, roles, scopes;
  /// Values of the claims that rules ask for, by the name that the policy gives them.
  std::vector<std::pair<std::string, std::vector<std::string>>> claims;
  std::string email;  // only where the issuer is trusted with it and says that it was verified; else empty
  AuthnMethod method = AuthnMethod::anonymous;
  std::optional<std::int64_t> expiry;  // Unix seconds from which on the credential does not hold; absent: it has no end
};

/// A verified caller: a handle on immutable data, as cheap to copy as a pointer. Only what checks a credential makes one
/// (policy/authn), and the functions below, so code that holds a Principal holds a checked credential.
class Principal {
 public:
  const std::string& tenant() const { return data_->identity.tenant; }
  const std::string& issuer() const { return data_->identity.issuer; }  // empty: anonymous, and the gateway itself
  const std::string& subject() const { return data_->identity.subject; }
  const std::string& client_id() const { return data_->identity.client_id; }
  const std::vector<std::string>& groups() const { return data_->identity.groups; }
  const std::vector<std::string>& roles() const { return data_->identity.roles; }
  const std::vector<std::string>& scopes() const { return data_->identity.scopes; }
  const std::string& email() const { return data_->identity.email; }
  /// Values of a claim that rules ask for; empty where there are none.
  const std::vector<std::string>& claim(std::string_view name) const;
  AuthnMethod method() const { return data_->identity.method; }
  std::optional<std::int64_t> expiry() const { return data_->identity.expiry; }

  /// Who this is, for whatever is kept by caller (policy, quotas, sessions, the ledger's budgets): JCS([tenant, issuer,
  /// subject, client_id]), and its SHA-256. Made once.
  const std::string& key() const { return data_->key; }
  const crypto::Hash& hash() const { return data_->hash; }

 private:
  struct Data {
    Identity identity;
    std::string key;
    crypto::Hash hash;
  };
  explicit Principal(Identity identity);
  friend class authn::Issuer;    // of a token whose signature was verified
  friend class authn::ApiKeys;   // of a key that is on file
  friend class authn::ClientCa;  // of a certificate that it has issued
  friend Principal anonymous(const std::string& tenant);
  friend Principal self();
  friend struct Explanation explain(const class Rulebook&, const struct Supposed&);  // keeps it to itself
  std::shared_ptr<const Data> data_;
};

/// The caller of a loopback listener with `authn: anonymous`. tenant is the policy's.
Principal anonymous(const std::string& tenant);
/// The gateway itself, for its own list fetches: subject `durward:self`.
Principal self();

}  // namespace durward::policy
