#pragma once
#include "policy/jose/checks.hpp"
#include "policy/jose/key_set.hpp"
#include "policy/jose/token.hpp"
#include "tests/policy/jose/signer.hpp"

/// An issuer with one key of each algorithm, and all that is asked of a token of its.
namespace durward::tests {

inline const std::string kIssuer = "https://issuer.example/";
inline const std::string kResource = "https://gateway.example/mcp/files";
inline constexpr std::int64_t kNow = 1'800'000'000;
inline constexpr std::int64_t kLeeway = 60;

struct Issuer {
  Signer rs{jose::Algorithm::rs256, "rs"};
  Signer ps{jose::Algorithm::ps256, "ps"};
  Signer es{jose::Algorithm::es256, "es"};
  Signer es384{jose::Algorithm::es384, "es384"};
  Signer ed{jose::Algorithm::eddsa, "ed"};
  jose::KeySet keys = *jose::KeySet::parse(document());

  std::string document() const {
    std::string out;
    for (const Signer* each : all()) out += (out.empty() ? "" : ",") + each->jwk(R"("use":"sig")");
    return R"({"keys":[)" + out + "]}";
  }
  std::array<const Signer*, 5> all() const { return {&rs, &ps, &es, &es384, &ed}; }
};

/// Made once: an RSA key takes a while.
inline const Issuer& issuer() {
  static const Issuer made;
  return made;
}

/// Claims that hold, without braces; parts of them can be replaced.
struct Payload {
  std::string iss = R"("iss":")" + kIssuer + '"';
  std::string sub = R"("sub":"alice")";
  std::string aud = R"("aud":")" + kResource + '"';
  std::string exp = R"("exp":)" + std::to_string(kNow + 300);
  std::string iat = R"("iat":)" + std::to_string(kNow);
  std::string more;  // begins with a comma

  std::string text() const {
    std::string out;
    for (const std::string* part : {&iss, &sub, &aud, &exp, &iat}) {
      if (!part->empty()) out += (out.empty() ? "" : ",") + *part;
    }
    return "{" + out + more + "}";
  }
};

/// Everything from the form to the times, as a request has it.
inline jose::Outcome<jose::Claims> admit(const std::string& compact, jose::TypeRule rule = jose::TypeRule::any) {
  using jose::Fault;
  TRY(jose::Token token, jose::read(compact));
  if (token.claimed_issuer() != kIssuer) return Fault::issuer_wrong;
  TRY(const jose::PublicKey* const key, issuer().keys.find(token));
  TRY(jose::Claims claims, jose::verify(std::move(token), *key));
  const jose::Registered& registered = claims.registered();
  if (auto good = jose::check_issuer(registered, kIssuer); !good) return good.error();
  if (auto good = jose::check_type(registered, rule); !good) return good.error();
  if (auto good = jose::check_audience(registered, kResource); !good) return good.error();
  if (auto good = jose::check_times(registered, kNow, kLeeway); !good) return good.error();
  return claims;
}

}  // namespace durward::tests
