#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/digest.hpp"
#include "policy/jose/fault.hpp"
#include "policy/json.hpp"

namespace durward::jose {

/// The claims that every token is checked by, as plain data: what a cache keeps besides the principal. Texts are not empty,
/// have no control character and no half of a surrogate pair.
struct Registered {
  std::string issuer;                       // `iss`; never empty
  std::string subject;                      // `sub`; empty: none
  std::vector<std::string> audiences;       // `aud`, string or array; empty: none
  std::optional<std::int64_t> expiry;       // `exp`, Unix seconds; a fraction is cut off
  std::optional<std::int64_t> not_before;   // `nbf`, Unix seconds; a fraction counts as a whole second
  std::optional<std::int64_t> issued_at;    // `iat`, likewise
  std::string id;                           // `jti`; empty: none
  std::string type;                         // of the header: `typ` in lower case, without `application/`; empty: none
  std::vector<std::string> scopes;          // `scope` (RFC 8693), else `scp` (array, or string with spaces); none twice
  std::optional<crypto::Hash> proof_key;    // `cnf.jkt`: a DPoP proof by this key is due
  std::optional<crypto::Hash> certificate;  // `cnf.x5t#S256`: this client certificate is due
};

/// Whether text names a claim: a top-level name as it stands ("org", "https://example.com/roles"), or, if it begins with "/", a
/// JSON Pointer through objects ("/realm_access/roles"; RFC 6901), at most 8 deep. Dots mean nothing.
bool names_claim(std::string_view text);

/// The claims of a token whose signature was verified: only `verify` makes one. Owns what it gives out; immutable.
class Claims {
 public:
  const Registered& registered() const { return registered_; }

  /// A claim by the name that the configuration gives it. Absent if it is not there. Errors: claim_malformed, if it is there
  /// and not a string such as Registered's texts, or if name does not satisfy names_claim.
  Outcome<std::optional<std::string>> text(std::string_view name) const;
  /// The same of an array of strings; a single string is a list of one. Empty if it is not there.
  Outcome<std::vector<std::string>> list(std::string_view name) const;
  /// Whether the claim is there and is `true`: no string, no number.
  bool is_true(std::string_view name) const;

 private:
  friend class Token;
  Claims(Registered registered, json::Document document) : registered_(std::move(registered)), document_(std::move(document)) {}
  Registered registered_;
  json::Document document_;
};

}  // namespace durward::jose
