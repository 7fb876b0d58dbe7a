#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/digest.hpp"
#include "policy/jose/fault.hpp"

namespace durward::jose {

/// Who a client certificate names. Its chain is verified elsewhere, before: this only reads names.
struct CertificateIdentity {
  static constexpr std::size_t kMaxBytes = 16'384;
  static constexpr std::size_t kMaxNames = 64;  // URI and DNS names together

  /// der: one whole X.509 certificate. Names are subject alternative names only, never the common name. Refused: a CA's
  /// certificate; none of either name; a DNS name that is no host name (a wildcard, an address, a byte that is not ASCII); a
  /// URI with anything but visible ASCII; a SPIFFE ID that is not strict, or not the only URI (X509-SVID section 2). Errors:
  /// those `certificate_…` from certificate_malformed on, spiffe_….
  static Outcome<CertificateIdentity> parse(std::string_view der);

  crypto::Hash thumbprint{};          // x5t#S256: SHA-256 of der (RFC 8705 section 3.1)
  std::optional<std::string> spiffe;  // spiffe://trust-domain/path
  std::vector<std::string> uris;      // in the certificate's order; the SPIFFE ID too
  std::vector<std::string> dns;       // in lower case, in the certificate's order
  std::int64_t expiry = 0;            // notAfter, Unix seconds: an open connection outlives it, a principal does not
};

/// The SPIFFE ID standard, section 2, of a workload: at most 2,048 bytes, `spiffe://`, a trust domain of [a-z0-9._-] (at most
/// 255), then at least one segment of [A-Za-z0-9._-] that is neither `.` nor `..`; no empty one, no port, query or escape.
bool is_spiffe_id(std::string_view text) noexcept;

}  // namespace durward::jose
