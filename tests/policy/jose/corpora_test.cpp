#include "tests/policy/corpora.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <set>

#include "policy/jose/checks.hpp"
#include "policy/jose/jws.hpp"
#include "policy/jose/key_set.hpp"
#include "policy/jose/token.hpp"

// Third-party vectors: Wycheproof, ed25519-speccheck, the JOSE cookbook, and a catalogue of attacks on tokens.
namespace durward::jose {
namespace {

using json::Value;
using tests::corpus;
using tests::read_file;

/// A file of theirs; names may repeat in none of them.
json::Document parsed(const std::filesystem::path& path) {
  auto document = json::Document::parse(read_file(path));
  if (!document) throw std::runtime_error("cannot read " + path.string());
  return *std::move(document);
}

std::string from_hex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return out;
}

/// Whether a JWS verifies under a key, or under the key of a set that its header picks.
Outcome<void> check(Value key, std::string_view compact) {
  TRY(const Jws jws, Jws::parse(compact));
  if (key.find("keys")) {
    TRY(const KeySet set, KeySet::parse(key.raw()));
    TRY(const PublicKey* const found, set.find(jws.kid, jws.algorithm));
    return found->check(jws.input, jws.signature);
  }
  TRY(const PublicKey only, PublicKey::parse(key));
  if (only.algorithm() != jws.algorithm) return Fault::key_algorithm;
  return only.check(jws.input, jws.signature);
}

/// What is valid, and yet refused here: other algorithms than the five.
bool other_algorithm(Fault fault) {
  return fault == Fault::algorithm_symmetric || fault == Fault::algorithm_unknown || fault == Fault::key_algorithm_unknown ||
         fault == Fault::key_private;
}

struct Count {
  std::size_t accepted = 0, refused = 0, left_out = 0;
};

/// Every vector of a Wycheproof file about signatures in JSON.
Count run(const std::filesystem::path& path) {
  Count count;
  const json::Document document = parsed(path);
  for (const Value group : document.root().find("testGroups").elements()) {
    // The symmetric groups have no public key; theirs is what a verifier must not take.
    const Value key = group.find("public") ? group.find("public") : group.find("private");
    for (const Value test : group.find("tests").elements()) {
      if (!test.find("jws")) continue;  // encryption
      const auto outcome = check(key, test.find("jws").string());
      INFO(path.filename().string() << " " << test.find("tcId").raw() << " " << test.find("comment").string() << ": "
                                    << (outcome ? "accepted" : name(outcome.error())));
      const bool valid = test.find("result").equals("valid");
      if (!valid) CHECK_FALSE(outcome);
      if (valid && !outcome) CHECK(other_algorithm(outcome.error()));
      ++(outcome ? count.accepted : valid ? count.left_out : count.refused);
    }
  }
  return count;
}

}  // namespace

TEST_CASE("Wycheproof: JSON Web Signatures") {
  const auto folder = corpus("wycheproof");
  if (!folder) return;
  const Count count = run(*folder / "dev/json_web_signature_test.json");
  // Left out: RS384, RS512, PS384, PS512, P-521 and HMAC.
  CHECK((count.accepted >= 5 && count.refused >= 100 && count.left_out <= 20));
}

TEST_CASE("Wycheproof: JSON Web Keys and JSON Web Crypto") {
  const auto folder = corpus("wycheproof");
  if (!folder) return;
  const Count keys = run(*folder / "dev/json_web_key_test.json");
  CHECK((keys.accepted >= 1 && keys.refused >= 9 && keys.left_out <= 1));
  const Count crypto = run(*folder / "dev/json_web_crypto_test.json");
  CHECK((crypto.accepted >= 1 && crypto.refused >= 25 && crypto.left_out == 0));
}

TEST_CASE("Wycheproof: Ed25519") {
  const auto folder = corpus("wycheproof");
  if (!folder) return;
  const json::Document document = parsed(*folder / "dev/ed25519_test.json");
  std::size_t accepted = 0;
  for (const Value group : document.root().find("testGroups").elements()) {
    const auto key = PublicKey::parse(group.find("publicKeyJwk"));
    REQUIRE(key);
    CHECK(group.find("publicKey").find("pk").string() ==
          crypto::hex(*crypto::from_base64url(group.find("publicKeyJwk").find("x").string())));
    for (const Value test : group.find("tests").elements()) {
      const bool good = static_cast<bool>(key->check(from_hex(test.find("msg").string()), from_hex(test.find("sig").string())));
      INFO(test.find("tcId").raw() << " " << test.find("comment").string());
      CHECK(good == test.find("result").equals("valid"));
      accepted += good ? 1 : 0;
    }
  }
  CHECK(accepted >= 30);
}

TEST_CASE("ed25519-speccheck: as strict as libsodium and dalek's strict mode") {
  const auto folder = corpus("wycheproof");
  if (!folder) return;
  const json::Document document = parsed(*folder / "ed25519_speccheck/cases.json");
  std::string verdicts;
  for (const Value test : document.root().elements()) {
    const std::string jwk =
        R"({"kty":"OKP","crv":"Ed25519","x":")" + crypto::base64url(from_hex(test.find("pub_key").string())) + "\"}";
    const auto key = PublicKey::parse(json::Document::parse(jwk)->root());
    const bool good = key && key->check(from_hex(test.find("message").string()), from_hex(test.find("signature").string()));
    verdicts += good ? 'V' : 'X';
  }
  // Case 3 has a key of mixed order, which they accept and we do not: no honest key pair has one.
  CHECK(verdicts == "XXXXXXXXXXXX");
}

TEST_CASE("the JOSE cookbook: RFC 7520 and RFC 8037 signatures in compact form") {
  const auto folder = corpus("jwt");
  if (!folder) return;
  const std::vector<std::pair<const char*, const char*>> expected = {
      {"jws/4_1.rsa_v15_signature.json", "good"},
      {"jws/4_3.ecdsa_signature.json", "algorithm_unknown"},
      {"jws/4_4.hmac-sha2_integrity_protection.json", "algorithm_symmetric"},
      {"curve25519/jws.json", "good"}};
  for (const auto& [file, verdict] : expected) {
    INFO(file);
    const json::Document document = parsed(*folder / "jose_cookbook" / file);
    // Their keys come with the private half, which a verifier must not even look at.
    std::string key;
    for (const auto& [member, value] : document.root().find("input").find("key").members()) {
      static const std::set<std::string> kSecret = {"d", "p", "q", "dp", "dq", "qi", "k"};
      if (kSecret.count(member.string()) == 0)
        key += (key.empty() ? "{" : ",") + std::string(member.raw()) + ":" + std::string(value.raw());
    }
    const json::Document jwk = *json::Document::parse(key + "}");
    const auto outcome = check(jwk.root(), document.root().find("output").find("compact").string());
    CHECK(std::string(outcome ? "good" : name(outcome.error())) == verdict);
    if (outcome) CHECK(PublicKey::parse(document.root().find("input").find("key")).error() == Fault::key_private);
  }
}

TEST_CASE("the catalogue of attacks on tokens: what must be refused is, and what must be accepted is") {
  const auto folder = corpus("jwt");
  if (!folder) return;
  const json::Document config = parsed(*folder / "config.json");
  const auto keys = KeySet::parse(read_file(*folder / "jwks.json"));
  REQUIRE(keys);
  CHECK(keys->size() == 3);
  const std::string issuer = config.root().find("issuer").string();
  const std::string audience = config.root().find("audience").string();
  const auto admit = [&](const std::string& compact) -> Outcome<Claims> {
    TRY(Token token, read(compact));
    if (token.claimed_issuer() != issuer) return Fault::issuer_wrong;
    TRY(const PublicKey* const key, keys->find(token));
    TRY(Claims claims, verify(std::move(token), *key));
    if (auto good = check_type(claims.registered(), TypeRule::any); !good) return good.error();
    if (auto good = check_audience(claims.registered(), audience); !good) return good.error();
    if (auto good = check_times(claims.registered(), 1'800'000'000, 60); !good) return good.error();
    return claims;
  };
  std::size_t accepted = 0;
  std::size_t refused = 0;
  std::ifstream lines(*folder / "dev/cases.jsonl");
  for (std::string line; std::getline(lines, line);) {
    const json::Document test = *json::Document::parse(line);
    const auto claims = admit(test.root().find("token").string());
    INFO(test.root().find("id").string() << ": " << (claims ? "accepted" : name(claims.error())));
    if (!test.root().find("verdict").equals("either"))
      CHECK(static_cast<bool>(claims) == test.root().find("verdict").equals("accept"));
    ++(claims ? accepted : refused);
  }
  CHECK((accepted >= 6 && refused >= 60));
}

}  // namespace durward::jose
