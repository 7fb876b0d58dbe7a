#include "policy/jose/key.hpp"

#include <openssl/err.h>
#include <catch2/catch.hpp>

#include <fstream>
#include <regex>

#include "policy/jose/key_set.hpp"
#include "tests/policy/jose/issuer.hpp"

namespace durward::jose {
namespace {

using tests::issuer;
using tests::Signer;

Outcome<PublicKey> parse(const std::string& jwk) { return PublicKey::parse(json::Document::parse(jwk)->root()); }
Outcome<PublicKey> parse_embedded(const std::string& jwk, Algorithm signature) {
  return PublicKey::parse_embedded(json::Document::parse(jwk)->root(), signature);
}
std::string word(const Outcome<PublicKey>& key) { return std::string(key ? "a key" : name(key.error())); }
std::string word(const Outcome<KeySet>& set) { return std::string(set ? "a set" : name(set.error())); }

std::string rsa(const std::string& modulus, const std::string& exponent, const std::string& more = {}) {
  return R"({"kty":"RSA","n":")" + crypto::base64url(modulus) + R"(","e":")" + crypto::base64url(exponent) + '"' + more + "}";
}
const std::string kE = {1, 0, 1};

/// An odd number of so many bits. That it is no product of two primes is nothing that a verifier can see.
std::string modulus(std::size_t bits) {
  std::string out((bits + 7) / 8, '\x55');
  out.front() = static_cast<char>(1U << ((bits - 1) % 8));
  return out;
}

std::string ed(const std::string& point) { return R"({"kty":"OKP","crv":"Ed25519","x":")" + crypto::base64url(point) + "\"}"; }

std::string from_hex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return out;
}

std::string set_of(const std::vector<std::string>& keys) {
  std::string out;
  for (const std::string& key : keys) out += (out.empty() ? "" : ",") + key;
  return R"({"keys":[)" + out + "]}";
}

}  // namespace

TEST_CASE("every fault has the word that its enumerator is") {
  std::ifstream in(std::string(DURWARD_SOURCE_DIR) + "/policy/jose/fault.hpp");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::size_t begin = text.find("enum class Fault");
  const std::string body = std::regex_replace(text.substr(begin, text.find("};", begin) - begin), std::regex("//[^\n]*"), "");
  const std::string list = body.substr(body.find('{') + 1);
  const std::regex words("[a-z0-9_]+");
  std::size_t index = 0;
  for (std::sregex_iterator found(list.begin(), list.end(), words), end; found != end; ++found, ++index) {
    REQUIRE(index < kFaults);
    CHECK(name(static_cast<Fault>(index)) == found->str());
  }
  CHECK(index == kFaults);
}

TEST_CASE("a key is for the algorithm that it says, or that its type alone says") {
  const std::string members = issuer().rs.members();
  CHECK(parse("{" + members + "}")->algorithm() == Algorithm::rs256);
  CHECK(parse("{" + members + R"(,"alg":"RS256"})")->algorithm() == Algorithm::rs256);
  CHECK(parse("{" + members + R"(,"alg":"PS256"})")->algorithm() == Algorithm::ps256);
  CHECK(parse("{" + issuer().es.members() + "}")->algorithm() == Algorithm::es256);
  CHECK(parse("{" + issuer().es384.members() + "}")->algorithm() == Algorithm::es384);
  CHECK(parse("{" + issuer().ed.members() + "}")->algorithm() == Algorithm::eddsa);
  for (const char* const alg : {R"("ES256")", R"("EdDSA")", R"("RS384")", R"("RSA-OAEP")", R"("HS256")", R"("none")",
                                R"("rs256")", "1", "null", R"("")"}) {
    CHECK(word(parse("{" + members + R"(,"alg":)" + alg + "}")) == "key_algorithm_unknown");
  }
  CHECK(word(parse("{" + issuer().es.members() + R"(,"alg":"ES384"})")) == "key_algorithm_unknown");
  CHECK(word(parse("{" + issuer().es384.members() + R"(,"alg":"ES256"})")) == "key_algorithm_unknown");
  CHECK(word(parse("{" + issuer().ed.members() + R"(,"alg":"ES256"})")) == "key_algorithm_unknown");
}

TEST_CASE("a key that is not for verifying signatures is not used") {
  const std::string members = issuer().es.members();
  for (const char* const good :
       {R"("use":"sig")", R"("key_ops":["verify"])", R"("key_ops":["sign","verify"])", R"("use":"sig","key_ops":["verify"])",
        R"("x5c":["MIIB"],"x5u":"https://x.example","unknown":1)"}) {
    CHECK(word(parse("{" + members + "," + good + "}")) == "a key");
  }
  for (const char* const bad : {R"("use":"enc")", R"("use":"")", R"("use":1)", R"("use":null)", R"("key_ops":["sign"])",
                                R"("key_ops":[])", R"("key_ops":"verify")", R"("key_ops":null)",
                                R"("use":"enc","key_ops":["verify"])", R"("use":"sig","key_ops":["encrypt"])"}) {
    CHECK(word(parse("{" + members + "," + bad + "}")) == "key_use");
  }
}

TEST_CASE("RSA keys have 2,048 to 8,192 bits, 4,096 where a stranger brings them, and an odd exponent from 65,537 to 32 bits") {
  for (const std::size_t bits : {2048U, 2049U, 3072U, 4096U, 8191U, 8192U})
    CHECK(word(parse(rsa(modulus(bits), kE))) == "a key");
  for (const std::size_t bits : {16U, 512U, 1024U, 2047U}) CHECK(word(parse(rsa(modulus(bits), kE))) == "key_too_short");
  for (const std::size_t bits : {8193U, 8200U, 16384U}) CHECK(word(parse(rsa(modulus(bits), kE))) == "key_too_long");
  CHECK(word(parse_embedded(rsa(modulus(4096), kE), Algorithm::rs256)) == "a key");
  CHECK(word(parse_embedded(rsa(modulus(4097), kE), Algorithm::rs256)) == "key_too_long");

  const std::string good = modulus(2048);
  CHECK(word(parse(rsa(good, from_hex("010003")))) == "a key");
  CHECK(word(parse(rsa(good, from_hex("ffffffff")))) == "a key");
  for (const char* const exponent :
       {"01", "03", "11", "ffff", "010000", "010002", "fffffffe", "0100000001", "0100000000000000000001"})
    CHECK(word(parse(rsa(good, from_hex(exponent)))) == "key_exponent");
}

TEST_CASE("RSA keys that are not written in the one way are not used") {
  const std::string good = modulus(2048);
  std::string even = good;
  even.back() = '\x54';
  CHECK(word(parse(rsa(even, kE))) == "key_malformed");
  CHECK(word(parse(rsa('\0' + good, kE))) == "key_malformed");
  CHECK(word(parse(rsa(good, '\0' + kE))) == "key_malformed");
  CHECK(word(parse(rsa("", kE))) == "key_malformed");
  CHECK(word(parse(rsa(good, ""))) == "key_malformed");
  for (const char* const jwk : {R"({"kty":"RSA"})", R"({"kty":"RSA","n":1,"e":"AQAB"})", R"({"kty":"RSA","n":"!","e":"AQAB"})",
                                R"({"kty":"RSA","n":"AQAB=","e":"AQAB"})"})
    CHECK(word(parse(jwk)) == "key_malformed");
}

TEST_CASE("points that are not on their curve, or not written in full, are not used") {
  const std::string x = issuer().es.bytes("x");
  const std::string y = issuer().es.bytes("y");
  const auto ec = [](const std::string& curve, const std::string& one, const std::string& two) {
    return R"({"kty":"EC","crv":")" + curve + R"(","x":")" + crypto::base64url(one) + R"(","y":")" + crypto::base64url(two) +
           "\"}";
  };
  CHECK(word(parse(ec("P-256", x, y))) == "a key");
  std::string off = y;
  off.back() = static_cast<char>(off.back() ^ 1);
  CHECK(word(parse(ec("P-256", x, off))) == "key_point");
  CHECK(word(parse(ec("P-256", y, x))) == "key_point");
  CHECK(word(parse(ec("P-256", std::string(32, '\0'), std::string(32, '\0')))) == "key_point");
  CHECK(word(parse(ec("P-256", std::string(32, '\xFF'), y))) == "key_point");
  CHECK(word(parse(ec("P-256", x.substr(1), y))) == "key_malformed");
  CHECK(word(parse(ec("P-256", '\0' + x, y))) == "key_malformed");
  CHECK(word(parse(ec("P-384", x, y))) == "key_malformed");
  CHECK(word(parse(ec("P-256", issuer().es384.bytes("x"), issuer().es384.bytes("y")))) == "key_malformed");
  for (const char* const curve : {"P-521", "secp256k1", "p-256", "P-224", "Ed25519", ""})
    CHECK(word(parse(ec(curve, x, y))) == "key_curve_unknown");
  CHECK(word(parse(R"({"kty":"EC","x":"","y":""})")) == "key_curve_unknown");
}

TEST_CASE("Ed25519 points of small order, outside the prime order group, or not canonical are not used") {
  CHECK(word(parse(ed(issuer().ed.bytes("x")))) == "a key");
  // RFC 7748 and the papers on the curve: the eight points of small order, and other ways to write them.
  for (const char* const point : {"0000000000000000000000000000000000000000000000000000000000000000",
                                  "0100000000000000000000000000000000000000000000000000000000000000",
                                  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                  "0000000000000000000000000000000000000000000000000000000000000080",
                                  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                                  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
                                  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                                  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
                                  "0100000000000000000000000000000000000000000000000000000000000080",
                                  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                                  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                  // of mixed order, from ed25519-speccheck
                                  "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
                                  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {
    INFO(point);
    CHECK(word(parse(ed(from_hex(point)))) == "key_point");
  }
  CHECK(word(parse(ed(std::string(31, 'x')))) == "key_malformed");
  CHECK(word(parse(ed(std::string(33, 'x')))) == "key_malformed");
  for (const char* const curve : {"X25519", "Ed448", "ed25519", ""})
    CHECK(word(parse(R"({"kty":"OKP","crv":")" + std::string(curve) + R"(","x":"AAAA"})")) == "key_curve_unknown");
}

TEST_CASE("a key of an unknown type, or with a strange id, is not used") {
  for (const char* const type : {R"("rsa")", R"("XYZ")", "1", "null", R"("AKP")"})
    CHECK(word(parse(R"({"kty":)" + std::string(type) + "}")) == "key_type_unknown");
  CHECK(word(parse("{}")) == "key_type_unknown");
  for (const char* const text : {"[]", "1", "null", R"("key")"}) CHECK(word(parse(text)) == "key_malformed");
  const std::string members = issuer().es.members();
  for (const char* const kid : {R"("")", "1", "null", R"("a\u0000")"})
    CHECK(word(parse("{" + members + R"(,"kid":)" + kid + "}")) == "kid_malformed");
  CHECK(word(parse("{" + members + R"(,"kid":")" + std::string(257, 'k') + "\"}")) == "kid_malformed");
}

TEST_CASE("a key that a stranger brings is for its own algorithm, and without one for that of the signature") {
  const std::string members = issuer().rs.members();
  CHECK(parse_embedded("{" + members + "}", Algorithm::rs256)->algorithm() == Algorithm::rs256);
  CHECK(parse_embedded("{" + members + "}", Algorithm::ps256)->algorithm() == Algorithm::ps256);
  CHECK(parse_embedded("{" + members + R"(,"alg":"RS256"})", Algorithm::ps256)->algorithm() == Algorithm::rs256);
  CHECK(parse_embedded("{" + members + "}", Algorithm::es256)->algorithm() == Algorithm::rs256);
  CHECK(parse_embedded("{" + issuer().es.members() + "}", Algorithm::rs256)->algorithm() == Algorithm::es256);
  CHECK(word(parse_embedded("{" + members + R"(,"d":"AQAB"})", Algorithm::rs256)) == "key_private");
}

TEST_CASE("ECDSA signatures of every length of r and s are read") {
  // One of them begins with a zero byte in one signature of 128, and has its highest bit set in three of four.
  const PublicKey key = *parse(issuer().es.jwk());
  const PublicKey key384 = *parse(issuer().es384.jwk());
  for (int i = 0; i < 200; ++i) {
    const std::string input = "input " + std::to_string(i);
    REQUIRE(key.check(input, issuer().es.sign(input)));
    REQUIRE(key384.check(input, issuer().es384.sign(input)));
  }
}

TEST_CASE("what OpenSSL says of a bad key or signature does not stay behind, and what was there before does") {
  ERR_clear_error();
  const PublicKey key = *parse(issuer().rs.jwk());
  CHECK_FALSE(key.check("input", std::string(256, 'x')));
  CHECK_FALSE(parse(R"({"kty":"EC","crv":"P-256","x":")" + crypto::base64url(std::string(32, 'x')) + R"(","y":")" +
                    crypto::base64url(std::string(32, 'y')) + "\"}"));
  CHECK(ERR_peek_error() == 0);
  ERR_raise(ERR_LIB_USER, 7);
  CHECK_FALSE(key.check("input", std::string(256, 'x')));
  CHECK(ERR_GET_REASON(ERR_get_error()) == 7);
  CHECK(ERR_get_error() == 0);
}

TEST_CASE("of a key set what cannot be used is left out and counted") {
  const auto set = KeySet::parse(set_of({issuer().rs.jwk(), R"({"kty":"RSA","kid":"enc","use":"enc","n":"AQAB","e":"AQAB"})",
                                         R"({"kty":"XYZ"})", "1", issuer().ed.jwk(), R"({"kty":"EC","crv":"P-521"})"}));
  REQUIRE(set);
  CHECK(set->size() == 2);
  CHECK(set->skipped() ==
        std::vector<Fault>{Fault::key_use, Fault::key_type_unknown, Fault::key_malformed, Fault::key_curve_unknown});
  CHECK(KeySet::parse(R"({"keys":[]})")->empty());
  CHECK(KeySet::parse(R"({"keys":[],"x":{}})")->empty());
}

TEST_CASE("a secret in a key set is a fault of the whole set") {
  const std::string es = issuer().es.jwk();
  for (const char* const member : {R"("d":"AQAB")", R"("p":"AQAB")", R"("q":1)", R"("dp":"")", R"("dq":null)", R"("qi":"AQAB")",
                                   R"("oth":[])", R"("k":"AQAB")", R"("priv":"AQAB")", R"("\u0064":"AQAB")"}) {
    INFO(member);
    CHECK(word(KeySet::parse(set_of({es, issuer().rs.jwk(member)}))) == "key_private");
  }
  CHECK(word(KeySet::parse(set_of({es, R"({"kty":"oct"})"}))) == "key_private");
  CHECK(word(KeySet::parse(set_of({es, R"({"kty":"XYZ","use":"enc","d":"AQAB"})"}))) == "key_private");
}

TEST_CASE("what is no key set is a fault of the whole set") {
  for (const char* const text : {"", "[]", "{}", "null", R"({"keys":{}})", R"({"keys":"x"})", R"({"keys":null})",
                                 R"({"Keys":[]})", R"([{"keys":[]}])"}) {
    INFO(text);
    CHECK(word(KeySet::parse(text)) == (*text == '\0' ? "key_set_not_json" : "key_set_malformed"));
  }
  for (const char* const text : {"{", R"({"keys":[]}x)", "\xEF\xBB\xBF{\"keys\":[]}", "{\"keys\":[\"\xFF\"]}", "<html>"})
    CHECK(word(KeySet::parse(text)) == "key_set_not_json");
  for (const char* const text :
       {R"({"keys":[],"keys":[]})", R"({"keys":[],"\u006beys":[]})", R"({"keys":[{"kid":"a","kid":"b"}]})"})
    CHECK(word(KeySet::parse(text)) == "key_set_repeats_member");
}

TEST_CASE("a key set has at most 64 KiB and 64 keys") {
  const std::string empty = R"({"keys":[],"x":")";
  CHECK(word(KeySet::parse(empty + std::string(KeySet::kMaxBytes - empty.size() - 2, 'x') + "\"}")) == "a set");
  CHECK(word(KeySet::parse(empty + std::string(KeySet::kMaxBytes - empty.size() - 1, 'x') + "\"}")) == "key_set_too_long");
  CHECK(KeySet::parse(set_of(std::vector<std::string>(64, "{}")))->skipped().size() == 64);
  CHECK(word(KeySet::parse(set_of(std::vector<std::string>(65, "{}")))) == "key_set_too_many");
}

TEST_CASE("two keys of one id and algorithm are a fault, of one id and two algorithms are not") {
  const Signer other(Algorithm::es256, "es");
  CHECK(word(KeySet::parse(set_of({issuer().es.jwk(), other.jwk()}))) == "key_set_repeats_key");
  CHECK(word(KeySet::parse(set_of({issuer().es.jwk(), issuer().es.jwk()}))) == "key_set_repeats_key");
  const Signer same(Algorithm::eddsa, "es");
  const auto set = KeySet::parse(set_of({issuer().es.jwk(), same.jwk()}));
  REQUIRE(set);
  CHECK((*set->find("es", Algorithm::es256))->algorithm() == Algorithm::es256);
  CHECK((*set->find("es", Algorithm::eddsa))->algorithm() == Algorithm::eddsa);
  CHECK(set->find("es", Algorithm::rs256).error() == Fault::key_algorithm);
}

TEST_CASE("without an id the only key of the algorithm is meant, and of two none") {
  const Signer one(Algorithm::es256);
  const Signer two(Algorithm::es256);
  const auto single = KeySet::parse(set_of({one.jwk(), issuer().ed.jwk()}));
  REQUIRE(single);
  CHECK(single->find(std::nullopt, Algorithm::es256));
  CHECK((*single->find(std::nullopt, Algorithm::eddsa))->kid() == "ed");
  CHECK(single->find(std::nullopt, Algorithm::rs256).error() == Fault::key_unknown);
  CHECK(single->find("x", Algorithm::es256).error() == Fault::key_unknown);
  const auto both = KeySet::parse(set_of({one.jwk(), two.jwk()}));
  REQUIRE(both);
  CHECK(both->find(std::nullopt, Algorithm::es256).error() == Fault::key_ambiguous);
}

}  // namespace durward::jose
