#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "policy/jose/key.hpp"

namespace durward::jose {

/// A compact JWS (RFC 7515) taken apart: what tokens and proofs have in common. Nothing of it is verified.
struct Jws {
  /// Whether the header brings its key along: it must in a DPoP proof, and must not in anything else.
  enum class Embedded : std::uint8_t { refused, required };
  static constexpr std::size_t kMaxBytes = 8'192;
  static constexpr std::size_t kMaxKid = 256;

  /// Three parts of strict base64url (no padding, no whitespace, no bits left over), a header that is a JSON object without
  /// repeated names, and in it an `alg` of ours and none of crit, jku, x5u, x5c, b64, zip, `cty: JWT`. Unknown members are
  /// ignored (RFC 7515 section 4). Errors: token_… to type_malformed; proof_key_missing; for the key the faults `key_…`.
  static Outcome<Jws> parse(std::string_view compact, Embedded embedded = Embedded::refused);

  Algorithm algorithm = Algorithm::eddsa;
  std::optional<std::string> kid;
  std::string type;              // `typ` in lower case, without `application/`; empty: none
  std::optional<PublicKey> key;  // of Embedded::required
  std::string input;             // what was signed: the first two parts as they came
  std::string payload;           // decoded
  std::string signature;         // decoded, never empty
};

}  // namespace durward::jose
