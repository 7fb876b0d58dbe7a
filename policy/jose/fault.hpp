#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "policy/outcome.hpp"

/// Token verification: JWT access tokens (RFC 7519, 8725, 9068), key sets (RFC 7517), DPoP proofs (RFC 9449) and the names in
/// client certificates. Pure: keys and time are arguments. The way of a token:
///
///     KeySet keys = parse(fetched)                 once a refresh
///     read(compact) -> Token                       its form; gives the issuer, which picks the key set
///     keys.find(token) -> PublicKey                the key fixes the algorithm
///     verify(token, key) -> Claims                 the one way to claims; what may be cached
///     check_times, check_audience, ...             on every request, on what Claims::registered() says
namespace durward::jose {

/// What exactly was wrong with a credential: a private word for the ledger. A caller never learns more than that its credential
/// does not hold.
enum class Fault : std::uint8_t {
  // the compact form
  token_too_long,
  token_not_three_parts,
  token_encrypted,  // five parts: a JWE
  header_not_base64url,
  header_not_json,
  header_repeats_member,
  header_not_object,
  payload_not_base64url,
  signature_not_base64url,
  signature_missing,
  // the header
  algorithm_missing,
  algorithm_none,  // in any case
  algorithm_symmetric,
  algorithm_unknown,
  header_critical,    // `crit`: an extension must be understood, and none is
  header_key_url,     // `jku` or `x5u`: a key from where the token says
  header_embeds_key,  // `jwk` or `x5c`: a key that the token brings along
  header_unencoded,   // `b64`
  header_compressed,  // `zip`
  header_nested,      // `cty`: the payload is another token
  kid_malformed,      // not a string of 1 to 256 bytes without control characters
  type_malformed,     // `typ`: the same
  // keys and signatures
  key_unknown,       // no key of that id
  key_ambiguous,     // no id, and more than one key that it could mean
  key_algorithm,     // the key is for another algorithm
  signature_length,  // not the one length that key and algorithm have
  signature_wrong,
  // key sets
  key_set_too_long,
  key_set_not_json,
  key_set_repeats_member,
  key_set_malformed,
  key_set_too_many,
  key_set_repeats_key,  // two keys of one id and algorithm
  key_private,          // a secret in what is published, an `oct` key included
  // single keys: why one is left out of its set, or an embedded one is refused
  key_malformed,
  key_type_unknown,
  key_curve_unknown,
  key_algorithm_unknown,  // `alg` is not one of ours, or not for this type of key
  key_use,                // `use` or `key_ops` are not those of verification
  key_too_short,
  key_too_long,
  key_exponent,
  key_point,  // not on the curve, of small order, or not the one way to write it
  // claims
  claims_not_json,
  claims_repeat_member,
  claims_not_object,
  issuer_missing,
  issuer_malformed,
  subject_malformed,
  audience_malformed,
  expiry_malformed,
  not_before_malformed,
  issued_at_malformed,
  id_malformed,
  scope_malformed,
  confirmation_malformed,
  confirmation_unknown,  // bound to a key in a way that cannot be checked here
  claim_malformed,       // one that the configuration names
  // checks of a request
  issuer_wrong,
  audience_missing,
  audience_wrong,
  expiry_missing,
  expired,
  not_yet_valid,
  issued_in_future,
  type_missing,
  type_wrong,
  certificate_missing,  // bound to a client certificate, and none was presented
  certificate_wrong,    // bound to another one
  // DPoP proofs; one whose form is wrong has a fault of above
  proof_missing,
  proof_type,
  proof_key_missing,
  proof_key_wrong,
  proof_id,      // `jti` is not a string of 1 to 256 bytes without control characters
  proof_method,  // `htm`
  proof_uri,     // `htu`
  proof_time,    // `iat` is missing
  proof_expired,
  proof_early,
  proof_token,     // `ath`
  proof_replayed,  // raised by whoever keeps the replay cache, as is:
  proof_not_kept,  // the replay cache is full
  // client certificates
  certificate_malformed,
  certificate_too_long,
  certificate_authority,  // a CA's certificate names no caller
  certificate_unnamed,    // no URI or DNS name
  certificate_name,       // a name that is not what its kind must be
  spiffe_malformed,
  spiffe_ambiguous,  // a SPIFFE ID beside other URIs
};

inline constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::spiffe_ambiguous) + 1;

/// The stable word of a fault: the enumerator's name.
std::string_view name(Fault fault) noexcept;

template <class T>
using Outcome = policy::Outcome<T, Fault>;

}  // namespace durward::jose
