#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "policy/jose/claims.hpp"

/// What is checked on every request, whether the token's signature was verified now or comes from a cache.
namespace durward::jose {

inline constexpr std::int64_t kMaxLeeway = 60;  // seconds

/// now and leeway in seconds; a leeway above kMaxLeeway counts as that, below 0 as 0. From `exp` plus leeway on a token is
/// expired. Errors: expiry_missing, expired, not_yet_valid, issued_in_future.
Outcome<void> check_times(const Registered& claims, std::int64_t now, std::int64_t leeway);

/// Byte for byte (RFC 9207, RFC 8414 section 2). Errors: issuer_wrong.
Outcome<void> check_issuer(const Registered& claims, std::string_view expected);

/// Whether the resource is among the audiences, byte for byte (RFC 8707). Errors: audience_missing, audience_wrong.
Outcome<void> check_audience(const Registered& claims, std::string_view resource);

/// What `typ` must be. Types of other tokens (`dpop+jwt`, `logout+jwt` ...) are refused in both cases (RFC 8725 section 3.11).
enum class TypeRule : std::uint8_t {
  at_jwt,  // the issuer follows RFC 9068: at+jwt
  any,     // none, JWT, or at+jwt
};
/// Errors: type_missing, type_wrong.
Outcome<void> check_type(const Registered& claims, TypeRule rule);

/// RFC 8705: a token that is bound to a certificate comes over a connection with that certificate. presented: SHA-256 of the
/// client's DER certificate, which has been verified; absent if there was none. Errors: certificate_missing, certificate_wrong.
Outcome<void> check_certificate(const Registered& claims, const std::optional<crypto::Hash>& presented);

}  // namespace durward::jose
