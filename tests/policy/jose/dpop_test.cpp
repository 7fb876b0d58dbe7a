#include "policy/jose/dpop.hpp"

#include <catch2/catch.hpp>

#include "tests/policy/jose/issuer.hpp"

namespace durward::jose {
namespace {

using tests::kNow;
using tests::Signer;

const std::string kToken = "an.access.token";
const std::string kUri = "https://gateway.example/mcp/files";

const Signer& client() {
  static const Signer made(Algorithm::es256);
  return made;
}

crypto::Hash thumbprint(const Signer& signer) {
  return PublicKey::parse(json::Document::parse(signer.jwk())->root())->thumbprint();
}

struct Made {
  std::string typ = R"("dpop+jwt")";
  std::string alg = "ES256";
  std::string jwk = "{" + client().members() + "}";
  std::string more;
  std::string htm = R"("htm":"POST",)";
  std::string htu = R"("htu":"https://gateway.example/mcp/files",)";
  std::string iat = R"("iat":1800000000,)";
  std::string ath = R"("ath":")" + crypto::base64url(crypto::view(crypto::sha256(kToken))) + R"(",)";
  std::string jti = R"("jti":"id-1")";

  std::string compact(const Signer& signer = client()) const {
    const std::string key = jwk.empty() ? "" : R"(,"jwk":)" + jwk;
    return signer.compact(R"({"typ":)" + typ + R"(,"alg":")" + alg + '"' + key + more + "}",
                          "{" + htm + htu + iat + ath + jti + "}");
  }
};

std::string judge(const std::string& compact, std::int64_t now = kNow, std::string_view uri = kUri) {
  const auto proof = check_proof(compact, {"POST", uri, kToken, thumbprint(client()), now});
  return std::string(proof ? "good" : name(proof.error()));
}

template <class Change>
std::string after(Change change) {
  Made made;
  change(made);
  return judge(made.compact());
}

}  // namespace

TEST_CASE("the proof of RFC 9449, figure 12, holds for its request") {
  const std::string proof =
      "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFV"
      "ZldWQVdCRnMiLCJ5IjoiOVZF"
      "NGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19."
      "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6"
      "Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhX"
      "WG9hTnk1OUlpS0NBcWtzbVFFb"
      "yJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
  const std::string token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
  const auto jkt = crypto::from_base64url("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
  crypto::Hash key{};
  std::copy(jkt->begin(), jkt->end(), key.begin());
  const auto good = check_proof(proof, {"GET", "https://resource.example.org/protectedresource", token, key, 1'562'262'618});
  INFO((good ? "" : name(good.error())));
  REQUIRE(good);
  CHECK(good->id == "e1j3V_bKic8-LAEB");
  CHECK(good->issued_at == 1'562'262'618);
  CHECK(good->until() == 1'562'262'679);
}

TEST_CASE("a proof holds for its method, address, token, key and minute") {
  CHECK(judge(Made().compact()) == "good");
  const crypto::Hash key = thumbprint(client());
  const std::string proof = Made().compact();
  const auto word = [&](const Proven& request) {
    const auto outcome = check_proof(proof, request);
    return std::string(outcome ? "good" : name(outcome.error()));
  };
  CHECK(word({"GET", kUri, kToken, key, kNow}) == "proof_method");
  CHECK(word({"post", kUri, kToken, key, kNow}) == "proof_method");
  CHECK(word({"POST", "https://gateway.example/mcp/other", kToken, key, kNow}) == "proof_uri");
  CHECK(word({"POST", "http://gateway.example/mcp/files", kToken, key, kNow}) == "proof_uri");
  CHECK(word({"POST", "https://gateway.example:8443/mcp/files", kToken, key, kNow}) == "proof_uri");
  CHECK(word({"POST", "https://gateway.example/mcp/files/", kToken, key, kNow}) == "proof_uri");
  CHECK(word({"POST", "no address", kToken, key, kNow}) == "proof_uri");
  CHECK(word({"POST", kUri, "another.access.token", key, kNow}) == "proof_token");
  CHECK(word({"POST", kUri, "", key, kNow}) == "proof_token");
  CHECK(word({"POST", kUri, kToken, crypto::sha256("another key"), kNow}) == "proof_key_wrong");
  for (const std::int64_t good : {kNow - 60, kNow - 1, kNow + 60}) CHECK(word({"POST", kUri, kToken, key, good}) == "good");
  CHECK(word({"POST", kUri, kToken, key, kNow + 61}) == "proof_expired");
  CHECK(word({"POST", kUri, kToken, key, kNow - 61}) == "proof_early");
}

TEST_CASE("query, fragment and the ways to write an address make no difference to a proof") {
  for (const char* const htu : {"https://gateway.example/mcp/files?x=1", "https://gateway.example/mcp/files#f",
                                "HTTPS://Gateway.Example:443/mcp/fil%65s"}) {
    CHECK(after([htu](Made& made) { made.htu = R"("htu":")" + std::string(htu) + R"(",)"; }) == "good");
  }
  CHECK(judge(Made().compact(), kNow, kUri + "?session=1") == "good");
}

TEST_CASE("each part of a proof that is missing or wrong is refused for its own reason") {
  using M = Made;
  CHECK(after([](M& m) { m.typ = R"("jwt")"; }) == "proof_type");
  CHECK(after([](M& m) { m.typ = R"("at+jwt")"; }) == "proof_type");
  CHECK(after([](M& m) { m.typ = "1"; }) == "type_malformed");
  CHECK(after([](M& m) { m.typ = R"("Application/DPoP+jwt")"; }) == "good");
  CHECK(after([](M& m) { m.jwk.clear(); }) == "proof_key_missing");
  CHECK(after([](M& m) { m.jwk = "null"; }) == "key_malformed");
  CHECK(after([](M& m) { m.jwk = R"("key")"; }) == "key_malformed");
  CHECK(after([](M& m) { m.jwk = "{" + client().members() + R"(,"d":"AQAB"})"; }) == "key_private");
  CHECK(after([](M& m) { m.jwk = R"({"kty":"oct","k":"AQAB"})"; }) == "key_private");
  CHECK(after([](M& m) { m.jwk = "{" + client().members() + R"(,"use":"enc"})"; }) == "key_use");
  CHECK(after([](M& m) { m.jwk = "{" + Signer(Algorithm::es256).members() + "}"; }) == "proof_key_wrong");
  CHECK(after([](M& m) { m.alg = "none"; }) == "algorithm_none");
  CHECK(after([](M& m) { m.alg = "HS256"; }) == "algorithm_symmetric");
  CHECK(after([](M& m) { m.alg = "ES384"; }) == "key_algorithm");
  CHECK(after([](M& m) { m.alg = "EdDSA"; }) == "key_algorithm");
  CHECK(after([](M& m) { m.more = R"(,"crit":["x"])"; }) == "header_critical");
  CHECK(after([](M& m) { m.more = R"(,"jku":"https://x.example")"; }) == "header_key_url");
  CHECK(after([](M& m) { m.more = R"(,"x5c":[])"; }) == "header_embeds_key");
  CHECK(after([](M& m) { m.more = R"(,"jwk":{})"; }) == "header_repeats_member");
  CHECK(after([](M& m) { m.htm.clear(); }) == "proof_method");
  CHECK(after([](M& m) { m.htm = R"("htm":["POST"],)"; }) == "proof_method");
  CHECK(after([](M& m) { m.htm = R"("htm":"Post",)"; }) == "proof_method");
  CHECK(after([](M& m) { m.htu.clear(); }) == "proof_uri");
  CHECK(after([](M& m) { m.htu = R"("htu":1,)"; }) == "proof_uri");
  CHECK(after([](M& m) { m.htu = R"("htu":"/mcp/files",)"; }) == "proof_uri");
  CHECK(after([](M& m) { m.htu = R"("htu":"https://gateway.example/x/../mcp/files",)"; }) == "proof_uri");
  CHECK(after([](M& m) { m.htu = R"("htu":"https://gateway.example@attacker.example/mcp/files",)"; }) == "proof_uri");
  CHECK(after([](M& m) { m.iat.clear(); }) == "proof_time");
  CHECK(after([](M& m) { m.iat = R"("iat":"1800000000",)"; }) == "proof_time");
  CHECK(after([](M& m) { m.iat = R"("iat":-1,)"; }) == "proof_time");
  CHECK(after([](M& m) { m.iat = R"("iat":1e300,)"; }) == "proof_time");
  CHECK(after([](M& m) { m.iat = R"("iat":1799999939,)"; }) == "proof_expired");
  CHECK(after([](M& m) { m.iat = R"("iat":1800000061,)"; }) == "proof_early");
  CHECK(after([](M& m) { m.ath.clear(); }) == "proof_token");
  CHECK(after([](M& m) { m.ath = R"("ath":null,)"; }) == "proof_token");
  CHECK(after([](M& m) { m.ath = R"("ath":"an.access.token",)"; }) == "proof_token");
  CHECK(after([](M& m) { m.jti = R"("x":1)"; }) == "proof_id");
  CHECK(after([](M& m) { m.jti = R"("jti":1)"; }) == "proof_id");
  CHECK(after([](M& m) { m.jti = R"("jti":"")"; }) == "proof_id");
  CHECK(after([](M& m) { m.jti = R"("jti":")" + std::string(257, 'j') + '"'; }) == "proof_id");
  CHECK(after([](M& m) { m.jti = R"("jti":")" + std::string(256, 'j') + '"'; }) == "good");
  CHECK(after([](M& m) { m.jti = R"("jti":"a","jti":"b")"; }) == "claims_repeat_member");
}

TEST_CASE("a proof that another key signed, or an access token in its place, is refused") {
  const Signer thief(Algorithm::es256);
  CHECK(judge(Made().compact(thief)) == "signature_wrong");
  CHECK(judge(tests::issuer().es.compact(tests::issuer().es.header(), tests::Payload().text())) == "proof_key_missing");
  CHECK(judge("") == "token_not_three_parts");
  CHECK(judge(Made().compact() + ",") == "signature_not_base64url");
}

TEST_CASE("proofs may be signed by every algorithm, by an RSA key of either") {
  for (const Signer* const signer : tests::issuer().all()) {
    Made made;
    made.jwk = "{" + signer->members() + "}";
    made.alg = std::string(name(signer->algorithm()));
    const auto proof = check_proof(made.compact(*signer), {"POST", kUri, kToken, thumbprint(*signer), kNow});
    INFO(made.alg << " " << (proof ? "" : name(proof.error())));
    CHECK(proof);
  }
}

TEST_CASE("the replay key of a proof is its key's and its id's, and the key's alone is never another's") {
  const Proof one{"id", kNow, crypto::sha256("a")};
  const Proof other{"id", kNow, crypto::sha256("b")};
  const Proof next{"id2", kNow, crypto::sha256("a")};
  CHECK(one.replay_key() != other.replay_key());
  CHECK(one.replay_key() != next.replay_key());
  CHECK(one.until() == kNow + 61);
}

}  // namespace durward::jose
