#pragma once
#include <cstdint>
#include <string_view>

#include "policy/jose/fault.hpp"
#include "policy/outcome.hpp"

/// Who calls: from credentials to a policy::Principal. Pure: keys, files' text and time are arguments. What tokens, proofs and
/// certificates are is with policy/jose.
namespace durward::authn {

/// What is wrong with a credential, besides jose::Fault. Closed list of private words for the ledger and the metrics: a caller
/// never learns more than that it is not known.
enum class Defect : std::uint8_t {
  credential_missing,  // none was presented
  credential_unread,   // after too many failures of its address
  authorization_malformed,
  scheme_unknown,         // neither Bearer nor DPoP
  credential_in_query,    // RFC 6750 section 2.3 is not for MCP
  method_not_configured,  // of a form that nobody here issues
  issuer_unknown,
  algorithm_not_allowed,  // one of ours, but not of this issuer
  keys_unavailable,       // no key set of its issuer can be had
  subject_missing,
  tenant_missing,
  tenant_not_issuers,  // whoever vouches for it may not speak for that tenant
  proof_repeated,      // more than one DPoP header
  scheme_not_dpop,     // a token that is bound to a key, presented as Bearer
  dpop_not_taken,      // a token that is bound to a key, of an issuer with `dpop: false`
  token_not_bound,     // presented as DPoP, or of an issuer that binds all of its tokens, and bound to no key
  api_key_malformed,
  api_key_unknown,
  api_key_wrong,  // its id is known
  api_key_expired,
  certificate_untrusted,  // not by one of the CAs of `authn`, or not valid now
  certificate_nameless,   // no rule says whose it is
  scope_missing,
};

inline constexpr std::size_t kDefects = static_cast<std::size_t>(Defect::scope_missing) + 1;
std::string_view name(Defect defect) noexcept;

/// Why a credential does not hold: one word of the two lists.
class Cause {
 public:
  Cause(Defect defect) noexcept : name_(authn::name(defect)) {}    // NOLINT(google-explicit-constructor)
  Cause(jose::Fault fault) noexcept : name_(jose::name(fault)) {}  // NOLINT(google-explicit-constructor)
  std::string_view name() const { return name_; }                  // lives for good
  bool operator==(const Cause&) const = default;

 private:
  std::string_view name_;
};

template <class T>
using Outcome = policy::Outcome<T, Cause>;

}  // namespace durward::authn
