#include <simdjson.h>
#include <sodium.h>

#include <array>
#include <cmath>
#include <string>

#include "policy/jose/checks.hpp"
#include "policy/jose/dpop.hpp"
#include "policy/jose/token.hpp"
#include "tests/fuzz/fuzz.hpp"

// The bytes as a token as they are; then the first line as a header and the rest as claims, truly signed, so that what lies
// behind a signature is reached, too. What is accepted is compared with simdjson's reading of the same texts.
namespace {

using namespace durward;
using namespace durward::fuzz;
using namespace durward::jose;
using Element = simdjson::dom::element;
using Object = simdjson::dom::object;

constexpr std::int64_t kNow = 1'800'000'000;
const std::string kUri = "https://gateway.example/mcp/files";
const std::string kAccessToken = "access";

struct Pair {
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> open;
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> closed;
  explicit Pair(unsigned char seed) {
    const std::array<unsigned char, crypto_sign_SEEDBYTES> bytes = {seed};
    crypto_sign_seed_keypair(open.data(), closed.data(), bytes.data());
  }
  std::string text() const { return crypto::base64url({reinterpret_cast<const char*>(open.data()), open.size()}); }
  PublicKey key() const {
    return *PublicKey::parse(json::Document::parse(R"({"kty":"OKP","crv":"Ed25519","x":")" + text() + "\"}")->root());
  }
  std::string sign(const std::string& input) const {
    std::array<unsigned char, crypto_sign_BYTES> out;
    crypto_sign_detached(out.data(), nullptr, reinterpret_cast<const unsigned char*>(input.data()), input.size(),
                         closed.data());
    return input + "." + crypto::base64url({reinterpret_cast<const char*>(out.data()), out.size()});
  }
};

simdjson::dom::parser& parser(int which) {
  static std::array<simdjson::dom::parser, 2> parsers;
  return parsers[static_cast<std::size_t>(which)];
}

/// An object, as another parser sees it. Absent for what it alone refuses: numbers beyond a double and halves of surrogate
/// pairs.
std::optional<Object> object_of(int which, const std::string& text) {
  const auto parsed = parser(which).parse(text);
  if (parsed.error() == simdjson::NUMBER_ERROR || parsed.error() == simdjson::STRING_ERROR) return std::nullopt;
  Object object;
  must(parsed.get(object) == simdjson::SUCCESS);
  return object;
}

bool is_text(Object object, std::string_view name, std::string_view expected) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return expected.empty();
  return text == expected;
}

bool is_date(Object object, std::string_view name, std::optional<std::int64_t> expected, bool up) {
  double number = 0;
  if (object[name].get(number) != simdjson::SUCCESS) return !expected;
  return expected && static_cast<double>(*expected) == (up ? std::ceil(number) : std::floor(number));
}

void same_header(Object header, const Token& token) {
  for (const char* const name : {"crit", "jku", "x5u", "jwk", "x5c", "b64", "zip"})
    must(header[name].error() != simdjson::SUCCESS);
  must(is_text(header, "alg", name(token.algorithm())));
  must(is_text(header, "kid", token.kid().value_or("")));
}

void same_claims(Object object, const Claims& claims) {
  const Registered& known = claims.registered();
  must(!known.issuer.empty() && is_text(object, "iss", known.issuer) && is_text(object, "sub", known.subject));
  must(is_text(object, "jti", known.id) && is_date(object, "exp", known.expiry, false));
  must(is_date(object, "nbf", known.not_before, true) && is_date(object, "iat", known.issued_at, true));
  must((object["cnf"].error() == simdjson::SUCCESS) == (known.proof_key || known.certificate));
  for (const auto& [name, value] : object) {
    const std::string pointer(name);
    if (pointer.empty() || pointer.front() == '/') continue;
    const auto text = claims.text(pointer);
    std::string_view plain;
    if (value.get(plain) != simdjson::SUCCESS)
      must(!text);
    else if (text)
      must(*text == plain && !plain.empty() && plain.find('\0') == std::string_view::npos);
    bool yes = false;
    must(claims.is_true(pointer) == (value.get(yes) == simdjson::SUCCESS && yes));
    const auto list = claims.list(pointer);
    if (list && value.is_array()) must(list->size() == simdjson::dom::array(value).size());
  }
}

void check_all(const Registered& known) {
  const auto times = check_times(known, kNow, kMaxLeeway);
  must(!times || (known.expiry && *known.expiry > kNow - kMaxLeeway));
  const auto audience = check_audience(known, kUri);
  must(!audience || !known.audiences.empty());
  const auto type = check_type(known, TypeRule::at_jwt);
  must(!type || check_type(known, TypeRule::any));
}

/// What nobody signed: it may have a sound form, and never more.
void as_it_is(std::string_view text) {
  static const PublicKey key = Pair(1).key();
  const auto token = read(text);
  if (token) must(std::count(text.begin(), text.end(), '.') == 2 && text.size() <= Jws::kMaxBytes && !verify(*token, key));
  must(!check_proof(text, {"POST", kUri, kAccessToken, key.thumbprint(), kNow}));
  const auto jws = Jws::parse(text);
  if (!jws) return;
  // One way to write it.
  const std::size_t dot = text.find('.');
  must(jws->input == text.substr(0, jws->input.size()));
  must(crypto::base64url(*crypto::from_base64url(text.substr(0, dot))) == text.substr(0, dot));
  must(std::string(text.substr(dot + 1)) == crypto::base64url(jws->payload) + "." + crypto::base64url(jws->signature));
}

void as_proof(const Pair& pair, const std::string& compact, const std::string& header, const std::string& payload) {
  static const crypto::Hash thumbprint = Pair(2).key().thumbprint();
  const auto proof = check_proof(compact, {"POST", kUri, kAccessToken, thumbprint, kNow});
  if (!proof) return;
  const auto seen = object_of(0, header);
  const auto claims = object_of(1, payload);
  if (!seen || !claims) return;
  Object jwk;
  must((*seen)["jwk"].get(jwk) == simdjson::SUCCESS && is_text(jwk, "x", pair.text()) && is_text(jwk, "kty", "OKP"));
  must(is_text(*claims, "htm", "POST") && is_text(*claims, "jti", proof->id) &&
       is_date(*claims, "iat", proof->issued_at, false));
  must(proof->issued_at >= kNow - kProofWindow && proof->issued_at <= kNow + kProofWindow && proof->id.size() <= 256);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = text_of(data, size);
  as_it_is(rest);
  static const Pair pair(2);
  static const PublicKey key = pair.key();
  const std::string header(take_line(rest));
  const std::string payload(rest);
  const std::string compact = pair.sign(crypto::base64url(header) + "." + crypto::base64url(payload));
  as_proof(pair, compact, header, payload);
  const auto token = read(compact);
  if (!token) return 0;
  if (const auto seen = object_of(0, header)) same_header(*seen, *token);
  const auto claims = verify(*token, key);
  must(static_cast<bool>(claims) == (token->algorithm() == Algorithm::eddsa));
  if (!claims) return 0;
  if (const auto seen = object_of(1, payload)) same_claims(*seen, *claims);
  check_all(claims->registered());
  return 0;
}
