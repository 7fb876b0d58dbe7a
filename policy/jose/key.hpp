#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "policy/digest.hpp"
#include "policy/jose/fault.hpp"
#include "policy/json.hpp"

struct evp_pkey_st;

namespace durward::jose {

/// The closed list of signature algorithms (RFC 7518, 8037). There is no symmetric one.
enum class Algorithm : std::uint8_t { rs256, ps256, es256, es384, eddsa };

std::string_view name(Algorithm algorithm) noexcept;  // as `alg` writes it

/// The algorithm of an `alg` header. Errors: algorithm_none, algorithm_symmetric, algorithm_unknown.
Outcome<Algorithm> read_algorithm(std::string_view alg);

/// A key that verifies signatures of exactly one algorithm, whatever a token says (RFC 8725 section 3.1). Cheap to copy;
/// immutable, so that threads may share it.
class PublicKey {
 public:
  /// A public JWK (RFC 7517). The algorithm is its `alg`; without one its type fixes it: RSA RS256, P-256 ES256, P-384 ES384,
  /// Ed25519 EdDSA. An RSA key has 2,048 to 8,192 bits and an odd exponent from 65,537 to 2^32 - 1 (FIPS 186-5 sets the lower
  /// bound; what is above the upper one only costs time). A curve's point is written in full length and lies on the curve; an
  /// Ed25519 key is canonical and of the prime order. `use` is `sig` and `key_ops` has `verify` where they stand. Other
  /// members, certificates included, are ignored. Errors: the faults `key_…`, kid_malformed; key_private before all others.
  static Outcome<PublicKey> parse(json::Value jwk);
  /// The same of a key that brings no trust of its own (RFC 9449 `jwk`): of an RSA key without `alg` the signature's algorithm
  /// says whether it is RS256 or PS256. It has at most 4,096 bits, because a stranger may present it.
  static Outcome<PublicKey> parse_embedded(json::Value jwk, Algorithm signature);

  const std::string& kid() const { return kid_; }  // empty: none
  Algorithm algorithm() const { return algorithm_; }
  const crypto::Hash& thumbprint() const { return thumbprint_; }  // RFC 7638, SHA-256

  /// Whether signature is this key's over input. What is checked is the algorithm of the key. ES256 and ES384 signatures are
  /// r ‖ s of 64 and 96 bytes, never DER. Errors: signature_length, signature_wrong.
  Outcome<void> check(std::string_view input, std::string_view signature) const;

 private:
  friend class KeyReader;
  PublicKey() = default;
  using Ed25519 = std::array<std::uint8_t, 32>;
  std::string kid_;
  Algorithm algorithm_ = Algorithm::eddsa;
  crypto::Hash thumbprint_{};
  std::variant<Ed25519, std::shared_ptr<evp_pkey_st>> key_;
};

}  // namespace durward::jose
