#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/diagnostic.hpp"

/// Who may call: `authn` of durward.yaml, as plain data. What the words mean for a credential is with `policy/authn`.
namespace durward::config {

enum class SignatureAlgorithm : std::uint8_t { rs256 = 1, ps256 = 2, es256 = 4, es384 = 8, eddsa = 16 };
inline constexpr std::uint8_t kEveryAlgorithm = 31;

/// Names of claims: a top-level name as it stands, or a JSON Pointer through objects.
struct ClaimNames {
  Located<std::string> tenant{"org", {}};
  Located<std::string> email{"email", {}};
  Located<std::string> roles{"roles", {}};
  Located<std::string> groups{"groups", {}};
  Located<std::string> subject{"sub", {}};
  std::optional<Located<std::string>> client_id;  // absent: `azp`, else `client_id`
};

/// The tenants that an issuer, a file of keys or a CA may assert. Absent: any; "*": any, written.
using Tenants = std::optional<std::vector<Located<std::string>>>;

/// An issuer of access tokens (JWT).
struct JwtAuthn {
  Position where;
  Located<std::string> issuer;  // `iss`, byte for byte
  Located<std::string> jwks;    // https://…, http:// on loopback, or file://…; absolute after loading
  Tenants tenants;
  ClaimNames claims;
  bool email_trusted = false;
  std::uint8_t algorithms = kEveryAlgorithm;  // SignatureAlgorithm bits
  bool at_jwt = false;                        // the issuer writes `typ: at+jwt` (RFC 9068)
  bool dpop = true;            // a token of it that is bound to a key is good with a proof by that key (RFC 9449)
  bool dpop_required = false;  // all of its tokens are bound to a key
  std::chrono::seconds leeway{30};
};

/// A file of API keys, as `durward keys api-key` writes it.
struct ApiKeyAuthn {
  Position where;
  Located<std::string> file;  // absolute after loading
  Tenants tenants;
};

/// Client certificates of one CA.
struct MtlsAuthn {
  Position where;
  Located<std::string> client_ca;  // PEM bundle; absolute after loading
  Tenants tenants;
  std::vector<std::pair<Located<std::string>, Located<std::string>>> names;  // glob over SPIFFE ID or DNS name → tenant
  std::vector<Located<std::string>> scopes;                                  // of every caller with such a certificate
};

struct Authn {
  bool given = false;      // the key is there, whatever it holds
  bool anonymous = false;  // nobody is asked; then there are no methods
  std::vector<JwtAuthn> jwt;
  std::vector<ApiKeyAuthn> api_key;
  std::vector<MtlsAuthn> mtls;
  std::size_t methods() const { return jwt.size() + api_key.size() + mtls.size(); }
};

}  // namespace durward::config
