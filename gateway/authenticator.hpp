#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/authn_methods.hpp"
#include "gateway/head.hpp"
#include "gateway/token_cache.hpp"
#include "policy/authn/authorization.hpp"
#include "policy/reason.hpp"
#include "quotas/rate_table.hpp"
#include "quotas/replay.hpp"

namespace durward::gateway {

/// The client certificate of a connection, which TLS has verified, and what was found out about it. One loop's.
struct ClientCertificate {
  explicit ClientCertificate(std::string_view bytes, std::vector<std::string> above = {});
  const std::string der;
  const std::vector<std::string> between;  // shown with it, to lead to its authority; DER
  const crypto::Hash thumbprint;           // x5t#S256

  // Who it names in one configuration, looked at once.
  std::shared_ptr<const AuthnMethods> judged_by;
  std::optional<authn::Outcome<policy::Principal>> judged;
};

/// What a request says of its caller. Views live as long as the check.
struct Asking {
  const Head& head;
  std::string_view resource;                 // of its route: the audience, and `htu`
  std::string_view address;                  // that failures count against
  ClientCertificate* certificate = nullptr;  // null: none was presented
};

/// Both clocks.
struct Instant {
  std::chrono::steady_clock::time_point steady;
  std::int64_t unix_s = 0;
};

/// Why a request has no principal.
struct Unproven {
  policy::Reason reason = policy::Reason::unauthenticated;  // or keys_unavailable
  authn::Cause cause = authn::Defect::credential_missing;
  std::optional<policy::AuthnMethod> tried;  // absent: none could be told
  bool presented = false;                    // a credential was
  bool dpop = false;                         // as DPoP
};

/// Finds out who calls: one for each loop. A credential that is presented and does not hold is refused, never taken for none.
class Authenticator {
 public:
  /// What is shared by all loops outlives it.
  Authenticator(quotas::RateTable& failures, quotas::ReplayCache& proofs) : failures_(failures), proofs_(proofs) {}

  /// The keys of an issuer must be fetched before anything can be said.
  struct Wait {
    std::shared_ptr<KeySource> keys;
    KeySource::Why why;
  };
  struct Limits {
    unsigned failures_per_minute;
    std::size_t tokens;
  };
  using Verdict = std::variant<policy::Principal, Unproven, Wait>;
  /// waited: keys have been fetched, or could not be; then no Wait comes back. In this order: the address's failures, what is
  /// remembered of the token, its signature; then whatever may differ from one request to the next. A refusal costs at most one
  /// verification of a token's signature, and one of a proof's where the token holds.
  Verdict check(const std::shared_ptr<const AuthnMethods>& methods, const Limits& limits, const Asking& asking,
                const Instant& now, bool waited = false);
  /// `authn: anonymous`: our own handle on nobody, so that counting copies touches no other loop.
  const policy::Principal& anonymous(const std::string& tenant);

  std::size_t remembered() const { return tokens_.size(); }

 private:
  using Found = std::variant<policy::Principal, authn::Cause, Wait>;
  Found credential(const Asking& asking, const Instant& now, bool waited, Unproven& out);
  std::variant<const TokenCache::Verified*, authn::Cause, Wait> token(std::string_view compact, const Instant& now,
                                                                      bool waited);
  authn::Outcome<void> check_request(const TokenCache::Verified& verified, const Asking& asking,
                                     const authn::Authorization& authorization, const Instant& now);
  authn::Outcome<void> check_proof(const crypto::Hash& key, const Asking& asking, std::string_view token, const Instant& now);
  authn::Outcome<policy::Principal> judge(ClientCertificate& certificate, const Instant& now) const;
  quotas::RateTable& failures_;
  quotas::ReplayCache& proofs_;
  std::shared_ptr<const AuthnMethods> methods_;  // whose tokens are remembered
  TokenCache tokens_{1};
  std::optional<policy::Principal> anonymous_;
};

}  // namespace durward::gateway
