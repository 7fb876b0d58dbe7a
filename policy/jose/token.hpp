#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "policy/jose/claims.hpp"
#include "policy/jose/jws.hpp"

namespace durward::jose {

/// A JWT of sound form that nobody has verified: it says who claims to have issued it, which picks the key set, and no more.
class Token {
 public:
  const std::string& claimed_issuer() const { return claims_.registered().issuer; }
  const std::optional<std::string>& kid() const { return jws_.kid; }
  Algorithm algorithm() const { return jws_.algorithm; }

 private:
  friend Outcome<Token> read(std::string_view compact);
  friend Outcome<Claims> verify(Token token, const PublicKey& key);
  Token(Jws jws, Registered registered, json::Document document)
      : jws_(std::move(jws)), claims_(std::move(registered), std::move(document)) {}
  Jws jws_;
  Claims claims_;
};

/// The form of a token: a Jws of at most 8 KiB whose payload is a JSON object without repeated names, with `iss`, and with
/// every registered claim of its type. A NumericDate is a JSON number from 0 to the end of the year 9999. Linear in its length;
/// no signature is checked. Errors: those of Jws::parse; claims_… to confirmation_unknown.
Outcome<Token> read(std::string_view compact);

/// One signature verification. Errors: key_algorithm, signature_length, signature_wrong.
Outcome<Claims> verify(Token token, const PublicKey& key);

}  // namespace durward::jose
