#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "policy/digest.hpp"
#include "policy/jose/fault.hpp"

/// DPoP (RFC 9449): a token bound to a key is good only with a fresh proof by that key for this very request.
namespace durward::jose {

/// Seconds that a proof's `iat` may lie before or after our clock.
inline constexpr std::int64_t kProofWindow = 60;

/// The request that a proof must be for. Views need to live only as long as the call.
struct Proven {
  std::string_view method;        // as in the request line
  std::string_view uri;           // of the route: from the configured public base, never from Host; no query, no fragment
  std::string_view access_token;  // as presented
  crypto::Hash key;               // `cnf.jkt` of that token
  std::int64_t now;               // Unix seconds
};

struct Proof {
  std::string id;          // `jti`: 1 to 256 bytes
  std::int64_t issued_at;  // `iat`
  crypto::Hash key;        // thumbprint of the key that signed
  /// What a replay cache must remember, until until(): the id belongs to its key alone.
  std::string replay_key() const;
  /// Unix seconds from which on check_proof refuses this proof because of its age.
  std::int64_t until() const { return issued_at + kProofWindow + 1; }
};

/// Checks all but the replay; the signature last, so that a failed check costs at most that one. `htu` and uri are compared
/// without query and fragment, after the normalisation of RFC 3986 sections 6.2.2 and 6.2.3 (case, percent-encoding, default
/// port, empty path); one with dot segments, user information, or what is no http(s) URI matches nothing. Errors: those of
/// Jws::parse, proof_…, signature_…; claims_not_json, claims_repeat_member, claims_not_object.
Outcome<Proof> check_proof(std::string_view compact, const Proven& request);

}  // namespace durward::jose
