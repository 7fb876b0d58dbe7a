#include <openssl/bn.h>
#include <simdjson.h>

#include <memory>
#include <string>

#include "policy/jose/key_set.hpp"
#include "tests/fuzz/fuzz.hpp"

// A key set beside simdjson's reading of it: every key that is used has no secret beside it, is of a known type and strong
// enough, and its point lies on its curve by arithmetic of our own.
namespace {

using namespace durward;
using namespace durward::fuzz;
using namespace durward::jose;
using Object = simdjson::dom::object;
using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

std::string text_of_member(Object jwk, std::string_view name) {
  std::string_view text;
  return jwk[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::string bytes_of_member(Object jwk, std::string_view name) {
  const auto bytes = crypto::from_base64url(text_of_member(jwk, name));
  must(bytes.has_value());
  return *bytes;
}

Number number(const std::string& bytes) {
  return {BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr), BN_free};
}

Number hex(const char* text) {
  BIGNUM* out = nullptr;
  BN_hex2bn(&out, text);
  return {out, BN_free};
}

/// y² = x³ - 3x + b modulo p (FIPS 186-5, SP 800-186).
bool on_curve(const std::string& x, const std::string& y, const char* prime, const char* b) {
  const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context(BN_CTX_new(), BN_CTX_free);
  const Number p = hex(prime), constant = hex(b), px = number(x), py = number(y);
  const Number left(BN_new(), BN_free), right(BN_new(), BN_free), three(BN_new(), BN_free);
  if (BN_cmp(px.get(), p.get()) >= 0 || BN_cmp(py.get(), p.get()) >= 0) return false;
  BN_set_word(three.get(), 3);
  BN_mod_sqr(left.get(), py.get(), p.get(), context.get());
  BN_mod_sqr(right.get(), px.get(), p.get(), context.get());
  BN_mod_sub(right.get(), right.get(), three.get(), p.get(), context.get());
  BN_mod_mul(right.get(), right.get(), px.get(), p.get(), context.get());
  BN_mod_add(right.get(), right.get(), constant.get(), p.get(), context.get());
  return BN_cmp(left.get(), right.get()) == 0;
}

void sound_rsa(Object jwk) {
  const std::string n = bytes_of_member(jwk, "n");
  const Number modulus = number(n), exponent = number(bytes_of_member(jwk, "e"));
  must(BN_num_bits(modulus.get()) >= 2048 && BN_num_bits(modulus.get()) <= 8192 && BN_is_odd(modulus.get()) && n.front() != 0);
  must(BN_is_odd(exponent.get()) && BN_num_bits(exponent.get()) >= 17 && BN_num_bits(exponent.get()) <= 32);
}

void sound(Object jwk, const PublicKey& key) {
  const std::string type = text_of_member(jwk, "kty"), curve = text_of_member(jwk, "crv"), alg = text_of_member(jwk, "alg");
  must(alg.empty() || alg == name(key.algorithm()));
  must(text_of_member(jwk, "kid") == key.kid());
  switch (key.algorithm()) {
    case Algorithm::rs256:
    case Algorithm::ps256:
      must(type == "RSA" && (key.algorithm() == Algorithm::rs256 || alg == "PS256"));
      return sound_rsa(jwk);
    case Algorithm::es256:
      return must(type == "EC" && curve == "P-256" &&
                  on_curve(bytes_of_member(jwk, "x"), bytes_of_member(jwk, "y"),
                           "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
                           "5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B"));
    case Algorithm::es384:
      return must(type == "EC" && curve == "P-384" &&
                  on_curve(bytes_of_member(jwk, "x"), bytes_of_member(jwk, "y"),
                           "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF",
                           "B3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF"));
    case Algorithm::eddsa:
      return must(type == "OKP" && curve == "Ed25519" && bytes_of_member(jwk, "x").size() == 32);
  }
}

void no_secret(Object jwk) {
  for (const char* const name : {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
    must(jwk[name].error() != simdjson::SUCCESS);
  must(text_of_member(jwk, "kty") != "oct");
}

/// Two keys of one id and algorithm would be two answers.
void found_by_name(const KeySet& set, const PublicKey& key) {
  const auto named = set.find(key.kid().empty() ? std::optional<std::string>() : key.kid(), key.algorithm());
  must(named ? (*named)->algorithm() == key.algorithm() : key.kid().empty() && named.error() == Fault::key_ambiguous);
  if (named && !key.kid().empty()) must((*named)->thumbprint() == key.thumbprint());
  must(!key.check("input", "") && !key.check("input", std::string(64, '\0')) && !key.check("input", std::string(256, '\1')));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(text_of(data, size));
  const auto set = KeySet::parse(text);
  if (!set) return 0;
  static simdjson::dom::parser parser;
  const auto document = parser.parse(text);
  // simdjson alone refuses numbers beyond a double and halves of surrogate pairs.
  if (document.error() == simdjson::NUMBER_ERROR || document.error() == simdjson::STRING_ERROR) return 0;
  simdjson::dom::array keys;
  must(document["keys"].get(keys) == simdjson::SUCCESS);
  must(set->size() + set->skipped().size() == keys.size() && keys.size() <= KeySet::kMaxKeys &&
       text.size() <= KeySet::kMaxBytes);
  std::size_t used = 0;
  for (const auto element : keys) {
    Object jwk;
    if (element.get(jwk) != simdjson::SUCCESS) continue;
    no_secret(jwk);
    // Read alone it is used or left out as within the set.
    const auto single = json::Document::parse(simdjson::minify(element));
    if (!single) continue;
    const auto key = PublicKey::parse(single->root());
    if (!key) continue;
    ++used;
    sound(jwk, *key);
    found_by_name(*set, *key);
  }
  must(used == set->size());
  return 0;
}
