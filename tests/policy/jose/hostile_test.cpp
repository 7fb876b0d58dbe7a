#include <openssl/bn.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "tests/policy/jose/issuer.hpp"

// A list of tokens that must not pass. Each differs from one that does in what its title says, and is refused for that.
namespace durward::tests {
namespace {

using crypto::base64url;
using jose::Algorithm;
using jose::Fault;

struct Case {
  std::string title;
  std::string token;
  Fault fault;
};
using Cases = std::vector<Case>;

const Signer& es() { return issuer().es; }

std::string join(std::string_view header, std::string_view payload, std::string_view signature) {
  return std::string(header).append(".").append(payload).append(".").append(signature);
}

/// A good token of this key.
std::string good(const Signer& signer) { return signer.compact(signer.header(), Payload().text()); }
std::string good() { return good(es()); }

std::array<std::string, 3> parts(const std::string& token) {
  const std::size_t first = token.find('.');
  const std::size_t second = token.find('.', first + 1);
  return {token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1)};
}

/// Truly signed, with this header (or payload) in place of the good one.
std::string with_header(std::string_view header) { return es().compact(header, Payload().text()); }
std::string with_more(const std::string& members) { return with_header(es().header("," + members)); }
std::string with_payload(std::string_view payload) { return es().compact(es().header(), payload); }
/// The header's alg and kid as JSON texts.
std::string with_names(const std::string& alg, const std::string& kid) {
  return with_header(R"({"alg":)" + alg + R"(,"kid":)" + kid + R"(,"typ":"at+jwt"})");
}
std::string with_type(const std::string& type) { return with_header(R"({"alg":"ES256","kid":"es","typ":)" + type + "}"); }
/// The good token with its signature's bytes replaced.
std::string with_signature(const Signer& signer, std::string_view signature) {
  const auto [header, payload, old] = parts(good(signer));
  return join(header, payload, base64url(signature));
}

Payload without(std::string Payload::*member) {
  Payload payload;
  (payload.*member).clear();
  return payload;
}
Payload with(std::string Payload::*member, const std::string& text) {
  Payload payload;
  payload.*member = text;
  return payload;
}
Payload plus(const std::string& members) { return with(&Payload::more, "," + members); }

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

Cases none_and_symmetric() {
  Cases out;
  for (const char* const alg : {"none", "None", "NONE", "nOnE", "nonE"}) {
    const std::string header = base64url(R"({"alg":")" + std::string(alg) + R"(","kid":"es","typ":"at+jwt"})");
    const auto [old, payload, signature] = parts(good());
    out.push_back({std::string("alg ") + alg + ", no signature", join(header, payload, ""), Fault::algorithm_none});
    out.push_back({std::string("alg ") + alg + ", a signature", join(header, payload, signature), Fault::algorithm_none});
  }
  const std::vector<std::pair<std::string, std::string>> secrets = {
      {"nothing", ""},   {"the RSA key as JSON", issuer().rs.jwk()}, {"the key set", issuer().document()},
      {"the kid", "es"}, {"the elliptic key as JSON", es().jwk()},   {"the Ed25519 key's bytes", issuer().ed.bytes("x")},
  };
  for (const auto& [title, secret] : secrets) {
    for (const int bits : {256, 384, 512}) {
      out.push_back({"HMAC of " + std::to_string(bits) + " bits with " + title,
                     hmac_compact(bits, secret, bits == 256 ? "rs" : "es", Payload().text()), Fault::algorithm_symmetric});
    }
  }
  for (const char* const alg : {"hs256", "Hs256", "HS1"}) {
    out.push_back({std::string("alg ") + alg, with_names('"' + std::string(alg) + '"', R"("es")"), Fault::algorithm_symmetric});
  }
  return out;
}

Cases unknown_algorithms() {
  Cases out;
  for (const char* const alg : {R"("RS1")",   R"("RS384")",   R"("RS512")",     R"("PS384")",       R"("ES512")", R"("ES256K")",
                                R"("es256")", R"("ES256 ")",  R"(" ES256")",    R"("ES256\u0000")", R"("null")",  R"("")",
                                R"("none ")", R"("Ed448")",   R"("dir")",       R"("RSA-OAEP")",    "null",       "true",
                                "256",        R"(["ES256"])", R"({"ES256":1})", R"("EdDSA\n")"}) {
    out.push_back({std::string("alg ") + alg, with_names(alg, R"("es")"), Fault::algorithm_unknown});
  }
  out.push_back({"no alg", with_header(R"({"kid":"es","typ":"at+jwt"})"), Fault::algorithm_missing});
  out.push_back({"Alg, not alg", with_header(R"({"Alg":"ES256","kid":"es"})"), Fault::algorithm_missing});
  out.push_back({"an empty header", with_header("{}"), Fault::algorithm_missing});
  return out;
}

/// Each key under the name of each other algorithm.
Cases swapped() {
  Cases out;
  for (const Signer* const signer : issuer().all()) {
    for (const Signer* const other : issuer().all()) {
      if (signer == other) continue;
      const std::string alg(jose::name(other->algorithm()));
      const std::string header = R"({"alg":")" + alg + R"(","kid":")" + signer->kid() + R"(","typ":"at+jwt"})";
      out.push_back({signer->kid() + " as " + alg, signer->compact(header, Payload().text()), Fault::key_algorithm});
    }
  }
  return out;
}

Cases headers() {
  const std::string url = R"("https://attacker.example/keys")";
  Cases out;
  for (const char* const crit : {"[]", R"(["exp"])", R"(["b64"])", "null", R"("alg")"})
    out.push_back({std::string("crit ") + crit, with_more(R"("crit":)" + std::string(crit)), Fault::header_critical});
  for (const std::string& jku :
       {url, std::string(R"("file:///etc/passwd")"), std::string(R"("http://127.0.0.1:9/")"), std::string("null")})
    out.push_back({"jku " + jku, with_more(R"("jku":)" + jku), Fault::header_key_url});
  out.push_back({"an escaped jku", with_more(R"("\u006aku":)" + url), Fault::header_key_url});
  out.push_back({"x5u", with_more(R"("x5u":)" + url), Fault::header_key_url});
  const Signer attacker(Algorithm::es256, "es");
  out.push_back({"the attacker's jwk", attacker.compact(attacker.header(R"(,"jwk":)" + attacker.jwk()), Payload().text()),
                 Fault::header_embeds_key});
  out.push_back({"the issuer's own jwk", with_more(R"("jwk":)" + es().jwk()), Fault::header_embeds_key});
  out.push_back({"jwk null", with_more(R"("jwk":null)"), Fault::header_embeds_key});
  out.push_back({"x5c", with_more(R"("x5c":["MIIB"])"), Fault::header_embeds_key});
  out.push_back({"b64 false", with_more(R"("b64":false)"), Fault::header_unencoded});
  out.push_back({"b64 true", with_more(R"("b64":true)"), Fault::header_unencoded});
  out.push_back({"zip", with_more(R"("zip":"DEF")"), Fault::header_compressed});
  for (const char* const cty : {R"("JWT")", R"("jwt")", R"("application/jwt")", "1", "null"})
    out.push_back({std::string("cty ") + cty, with_more(R"("cty":)" + std::string(cty)), Fault::header_nested});
  for (const char* const type : {R"("")", "1", "null", "[]", R"("at+jwt\u0000")", R"("\ud800")"})
    out.push_back({std::string("typ ") + type, with_type(type), Fault::type_malformed});
  for (const char* const type :
       {R"("dpop+jwt")", R"("application/dpop+jwt")", R"("logout+jwt")", R"("id+jwt")", R"("secevent+jwt")", R"("JOSE")",
        R"("at+jwt ")", R"("application/x/at+jwt")", R"("text/at+jwt")"})
    out.push_back({std::string("typ ") + type, with_type(type), Fault::type_wrong});
  return out;
}

Cases kids() {
  Cases out;
  const auto add = [&out](const std::string& kid, Fault fault) {
    out.push_back({"kid " + kid.substr(0, 40), with_names(R"("ES256")", kid), fault});
  };
  for (const char* const kid : {R"("../../../../dev/null")",
                                R"("/dev/null")",
                                R"("/etc/passwd")",
                                R"("es' OR '1'='1")",
                                R"("es' UNION SELECT 'k")",
                                R"("es;id")",
                                R"x("$(id)")x",
                                R"("|id")",
                                R"(" es")",
                                R"("es ")",
                                R"("ES")",
                                R"("e")",
                                R"("es384 ")",
                                R"("https://attacker.example/k")",
                                R"("*")",
                                R"(".*")",
                                R"("%65s")",
                                R"("0")",
                                R"("e\u0455")",
                                R"("\ufeffes")"})
    add(kid, Fault::key_unknown);
  for (const char* const kid : {R"("")", "1", "0", "null", "true", R"(["es"])", R"({"kid":"es"})", R"("es\u0000")",
                                R"("\u0000")", R"("es\n")", R"("es\r\n")", R"("\u007f")", R"("\ud800")", R"("es\udc00")"})
    add(kid, Fault::kid_malformed);
  add('"' + std::string(257, 'k') + '"', Fault::kid_malformed);
  add('"' + std::string(256, 'k') + '"', Fault::key_unknown);
  return out;
}

Cases structure() {
  const auto [header, payload, signature] = parts(good());
  const std::string general =
      R"({"payload":")" + payload + R"(","signatures":[{"protected":")" + header + R"(","signature":")" + signature + R"("}]})";
  const std::string flat =
      R"({"payload":")" + payload + R"(","protected":")" + header + R"(","signature":")" + signature + R"("})";
  Cases out;
  const auto three = Fault::token_not_three_parts;
  for (const std::string& text :
       {std::string(), std::string("."), header, header + "." + payload, good() + ".", good() + "." + signature,
        good() + "." + good(), general, flat, std::string(20, '.'), header + ".", std::string("Bearer")})
    out.push_back({"structure " + text.substr(0, 20) + " of " + std::to_string(text.size()), text, three});
  out.push_back({"five parts", good() + "." + signature + "." + signature, Fault::token_encrypted});
  out.push_back({"four dots", "....", Fault::token_encrypted});
  out.push_back({"two dots", "..", Fault::header_not_json});
  out.push_back({"no header", "." + payload + "." + signature, Fault::header_not_json});
  out.push_back({"no payload", es().compact(es().header(), ""), Fault::claims_not_json});
  out.push_back({"no signature", join(header, payload, ""), Fault::signature_missing});
  out.push_back({"too long", with_payload(plus(R"("pad":")" + std::string(8192, 'x') + '"').text()), Fault::token_too_long});
  out.push_back({"parts in another order", join(payload, header, signature), Fault::algorithm_missing});
  out.push_back({"a space before", " " + good(), Fault::header_not_base64url});
  out.push_back({"a space behind", good() + " ", Fault::signature_not_base64url});
  out.push_back({"a newline behind", good() + "\n", Fault::signature_not_base64url});
  out.push_back({"a NUL behind", good() + std::string(1, '\0'), Fault::signature_not_base64url});
  out.push_back({"a NUL before", std::string(1, '\0') + good(), Fault::header_not_base64url});
  return out;
}

/// The text with one more bit than the bytes have: another way to write them, unless it is already the greatest.
std::string trailing_bit(std::string text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  text.back() = kDigits[kDigits.find(text.back()) + 1];
  return text;
}

/// A header and a payload whose base64url has bits to spare, so that there is another way to write them.
std::string padded(std::string text) {
  while (text.size() % 3 != 1) text.insert(1, " ");
  return text;
}

Cases encodings() {
  const std::string token = es().compact(padded(es().header()), padded(Payload().text()));
  const auto all = parts(token);
  const std::array<Fault, 3> faults = {Fault::header_not_base64url, Fault::payload_not_base64url,
                                       Fault::signature_not_base64url};
  const std::array<const char*, 3> names = {"header", "payload", "signature"};
  const std::vector<std::pair<const char*, std::function<std::string(const std::string&)>>> changes = {
      {"padding", [](const std::string& text) { return text + "=="; }},
      {"one =", [](const std::string& text) { return text + "="; }},
      {"a trailing bit", trailing_bit},
      {"a space within", [](const std::string& text) { return text.substr(0, 4) + " " + text.substr(4); }},
      {"a newline within", [](const std::string& text) { return text.substr(0, 4) + "\r\n" + text.substr(4); }},
      {"a plus", [](const std::string& text) { return "+" + text.substr(1); }},
      {"a slash", [](const std::string& text) { return "/" + text.substr(1); }},
      {"a percent escape", [](const std::string& text) { return "%41" + text.substr(1); }},
      {"a byte above ASCII", [](const std::string& text) { return "\xC3\xA9" + text.substr(2); }},
      {"a NUL within", [](const std::string& text) { return text.substr(0, 4) + std::string(1, '\0') + text.substr(5); }},
      {"one digit too many", [](const std::string& text) { return text + std::string((5 - text.size() % 4) % 4, 'A'); }},
  };
  Cases out;
  for (std::size_t part = 0; part < 3; ++part) {
    for (const auto& [title, change] : changes) {
      auto changed = all;
      changed[part] = change(all[part]);
      out.push_back({std::string(title) + " in the " + names[part], join(changed[0], changed[1], changed[2]), faults[part]});
    }
  }
  return out;
}

Cases json_texts() {
  Cases out;
  const std::string nul(1, '\0');
  const std::vector<std::pair<std::string, std::string>> broken = {{"a truncated object", R"({"alg":"ES256")"},
                                                                   {"an object and more", "{}{}"},
                                                                   {"an object and NUL", "{}" + nul},
                                                                   {"a byte order mark", "\xEF\xBB\xBF{}"},
                                                                   {"invalid UTF-8", "{\"a\":\"\xC3\x28\"}"},
                                                                   {"an overlong NUL", "{\"a\":\"\xC0\x80\"}"},
                                                                   {"a raw NUL in a string", "{\"a\":\"" + nul + "\"}"},
                                                                   {"a comment", "{/**/}"},
                                                                   {"single quotes", "{'a':1}"},
                                                                   {"a trailing comma", R"({"a":1,})"},
                                                                   {"NaN", R"({"a":NaN})"},
                                                                   {"a number with leading zeros", R"({"a":01})"},
                                                                   {"UTF-16", std::string("{\0}\0", 4)},
                                                                   {"a hundred arrays", R"({"a":)" + nested(100) + "}"},
                                                                   {"two thousand arrays", R"({"a":)" + nested(2000) + "}"},
                                                                   {"XML", "<alg/>"}};
  for (const auto& [title, text] : broken) {
    out.push_back({title + " as the header", with_header(text), Fault::header_not_json});
    out.push_back({title + " as the claims", with_payload(text), Fault::claims_not_json});
  }
  for (const char* const text : {"[]", "\"ES256\"", "1", "null", "true", R"([{"alg":"ES256"}])"}) {
    out.push_back({std::string(text) + " as the header", with_header(text), Fault::header_not_object});
    out.push_back({std::string(text) + " as the claims", with_payload(text), Fault::claims_not_object});
  }
  for (const char* const member : {R"("alg":"none")", R"("alg":"ES256")", R"("\u0061lg":"none")", R"("kid":"rs")",
                                   R"("k\u0069d":"rs")", R"("typ":"JWT")", R"("x":{"a":1,"a":2})"})
    out.push_back({std::string("a repeated ") + member, with_more(member), Fault::header_repeats_member});
  for (const char* const member :
       {R"("iss":"https://issuer.example/")", R"("sub":"root")", R"("aud":"https://gateway.example/mcp/other")",
        R"("exp":9999999999)", R"("\u0073ub":"root")", R"("\u0061\u0075\u0064":[])", R"("x":{"\u0061":1,"a":2})",
        R"("x":[[{"a":1,"a":1}]])"})
    out.push_back({std::string("a repeated ") + member, with_payload(plus(member).text()), Fault::claims_repeat_member});
  return out;
}

Cases claims() {
  Cases out;
  const auto add = [&out](const Payload& payload, Fault fault) {
    out.push_back({payload.text(), with_payload(payload.text()), fault});
  };
  const auto each = [&](std::string Payload::*member, const std::string& name, std::initializer_list<const char*> values,
                        Fault fault) {
    for (const char* const value : values) {
      if (member == &Payload::more) add(plus('"' + name + "\":" + value), fault);
      if (member != &Payload::more) add(with(member, '"' + name + "\":" + value), fault);
    }
  };
  add(without(&Payload::iss), Fault::issuer_missing);
  each(&Payload::iss, "iss",
       {"1", "null", R"("")", R"(["https://issuer.example/"])", "{}", R"("https://issuer.example/\u0000")", R"("\ud800")"},
       Fault::issuer_malformed);
  each(&Payload::iss, "iss",
       {R"("https://issuer.example")", R"("https://issuer.example//")", R"("HTTPS://issuer.example/")",
        R"("https://Issuer.example/")", R"("http://issuer.example/")", R"("https://issuer.example/ ")",
        R"(" https://issuer.example/")", R"("https://issuer.example/x")", R"("https://issuer.example.attacker.example/")"},
       Fault::issuer_wrong);
  each(&Payload::sub, "sub", {"1", "null", "true", R"("")", "[]", "{}", R"("ali\u0000ce")", R"("alice\u000a")", R"("\udfff")"},
       Fault::subject_malformed);
  add(without(&Payload::aud), Fault::audience_missing);
  each(&Payload::aud, "aud", {"[]"}, Fault::audience_missing);
  each(&Payload::aud, "aud",
       {"1", "null", "true", "{}", R"("")", "[1]", R"([["https://gateway.example/mcp/files"]])",
        R"(["https://gateway.example/mcp/files",1])", R"([null])"},
       Fault::audience_malformed);
  each(&Payload::aud, "aud",
       {R"("https://gateway.example/mcp/other")", R"("https://gateway.example/mcp/files/")", R"("https://gateway.example/mcp")",
        R"("https://GATEWAY.example/mcp/files")", R"("https://gateway.example/mcp/file")", R"("*")",
        R"("https://gateway.example/mcp/files https://x.example")", R"(["https://x.example","https://y.example"])",
        R"("https://gateway.example:443/mcp/files")", R"("https://gateway.example/mcp/files?")"},
       Fault::audience_wrong);
  add(without(&Payload::exp), Fault::expiry_missing);
  each(&Payload::exp, "exp",
       {R"("1800000300")", "null", "true", "[1800000300]", "{}", "-1", "-0", "1e400", "1e-400", "1e30", "253402300800",
        "99999999999999999999999999"},
       Fault::expiry_malformed);
  const auto date = [](const char* name, std::int64_t at) { return '"' + std::string(name) + "\":" + std::to_string(at); };
  add(with(&Payload::exp, date("exp", kNow - kLeeway)), Fault::expired);
  add(with(&Payload::exp, date("exp", kNow - kLeeway - 1)), Fault::expired);
  add(with(&Payload::exp, date("exp", kNow - kLeeway) + ".999"), Fault::expired);
  add(with(&Payload::exp, date("exp", 0)), Fault::expired);
  each(&Payload::more, "nbf", {R"("0")", "null", "[]", "1e400", "-1"}, Fault::not_before_malformed);
  add(plus(date("nbf", kNow + kLeeway + 1)), Fault::not_yet_valid);
  add(plus(date("nbf", kNow + kLeeway) + ".001"), Fault::not_yet_valid);
  each(&Payload::iat, "iat", {R"("0")", "null", "{}", "1e400", "-5"}, Fault::issued_at_malformed);
  add(with(&Payload::iat, date("iat", kNow + kLeeway + 1)), Fault::issued_in_future);
  each(&Payload::more, "jti", {"1", "null", R"("")", "[]", R"("a\u0000b")"}, Fault::id_malformed);
  each(&Payload::more, "scope",
       {"1", "null", "[]", R"(["admin"])", R"("a  b")", R"(" a")", R"("a ")", R"("a\tb")", R"("a\"b")", R"("a\\b")",
        R"("\u00e4")"},
       Fault::scope_malformed);
  each(&Payload::more, "scp", {"1", "null", "{}", "[1]", R"(["a b"])", R"([""])", R"([["a"]])"}, Fault::scope_malformed);
  each(&Payload::more, "cnf",
       {R"("x")", "null", "[]", R"({"jkt":1})", R"({"jkt":""})", R"({"jkt":"AAAA"})", R"({"x5t#S256":null})",
        R"({"x5t#S256":"AAAA="})"},
       Fault::confirmation_malformed);
  each(&Payload::more, "cnf",
       {"{}", R"({"jwk":{"kty":"oct"}})", R"({"kid":"es"})", R"({"jku":"https://x.example"})", R"({"x5t":"AAAA"})"},
       Fault::confirmation_unknown);
  return out;
}

/// The order of the curve's base point, and what a number is modulo it.
std::string order_of(const Signer& signer, long plus) {
  const char* const text =
      signer.algorithm() == Algorithm::es256
          ? "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"
          : "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973";
  BIGNUM* number = nullptr;
  BN_hex2bn(&number, text);
  if (plus < 0) BN_sub_word(number, static_cast<BN_ULONG>(-plus));
  if (plus > 0) BN_add_word(number, static_cast<BN_ULONG>(plus));
  std::string out(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(out.data()));
  BN_free(number);
  return out;
}

Cases curve_signatures(const Signer& signer) {
  const std::size_t half = signer.algorithm() == Algorithm::es256 ? 32 : 48;
  const auto [header, payload, text] = parts(good(signer));
  const std::string signature = *crypto::from_base64url(text);
  const std::string r = signature.substr(0, half);
  const std::string s = signature.substr(half);
  const std::string zero(half, '\0');
  const std::string one = std::string(half - 1, '\0') + '\1';
  const std::string most(half, '\xFF');
  const std::string n = order_of(signer, 0);
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"r = 0", zero + s},
      {"s = 0", r + zero},
      {"r = n", n + s},
      {"s = n", r + n},
      {"r = s = n", n + n},
      {"r = s = n - 1", order_of(signer, -1) + order_of(signer, -1)},
      {"r = s = n + 1", order_of(signer, 1) + order_of(signer, 1)},
      {"r = s = 1", one + one},
      {"r = 1, s = n", one + n},
      {"r all ones", most + s},
      {"s all ones", r + most},
      {"r and s swapped", s + r},
      {"r twice", r + r}};
  Cases out;
  for (const auto& [title, bytes] : wrong) {
    out.push_back({signer.kid() + ": " + title, with_signature(signer, bytes), Fault::signature_wrong});
  }
  const std::string input = header + "." + payload;
  const std::vector<std::pair<std::string, std::string>> lengths = {
      {"DER", signer.sign_raw(input, false)},
      {"a zero before", '\0' + signature},
      {"zeros before r and s", '\0' + r + '\0' + s},
      {"r without its last byte", r.substr(0, half - 1) + s},
      {"r alone", r},
      {"the other curve's length", signature + std::string(half == 32 ? 32 : 0, '\0') + (half == 48 ? "x" : "")}};
  for (const auto& [title, bytes] : lengths) {
    out.push_back({signer.kid() + ": " + title, with_signature(signer, bytes), Fault::signature_length});
  }
  return out;
}

/// What every algorithm must refuse.
Cases signatures(const Signer& signer) {
  const auto [header, payload, text] = parts(good(signer));
  const std::string signature = *crypto::from_base64url(text);
  std::string flipped = signature;
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
  std::string high = signature;
  high[0] = static_cast<char>(high[0] ^ 0x80);
  const Signer stranger(signer.algorithm(), signer.kid());
  Payload root;
  root.sub = R"("sub":"root")";
  const std::string kid = signer.kid() + ": ";
  return {
      {kid + "one bit of the signature", with_signature(signer, flipped), Fault::signature_wrong},
      {kid + "its highest bit", with_signature(signer, high), Fault::signature_wrong},
      {kid + "all zeros", with_signature(signer, std::string(signature.size(), '\0')), Fault::signature_wrong},
      {kid + "all ones", with_signature(signer, std::string(signature.size(), '\xFF')), Fault::signature_wrong},
      {kid + "one byte less", with_signature(signer, signature.substr(0, signature.size() - 1)), Fault::signature_length},
      {kid + "one byte more", with_signature(signer, signature + "x"), Fault::signature_length},
      {kid + "one zero more", with_signature(signer, signature + '\0'), Fault::signature_length},
      {kid + "one byte", with_signature(signer, "x"), Fault::signature_length},
      {kid + "twice", with_signature(signer, signature + signature), Fault::signature_length},
      {kid + "another's key under this kid", good(stranger), Fault::signature_wrong},
      {kid + "another payload", join(header, base64url(root.text()), text), Fault::signature_wrong},
      {kid + "another header", join(base64url(signer.header(R"(,"x":1)")), payload, text), Fault::signature_wrong},
      {kid + "signed without the dot", join(header, payload, base64url(signer.sign(header + payload))), Fault::signature_wrong},
      {kid + "signed the decoded texts",
       join(header, payload, base64url(signer.sign(signer.header() + "." + Payload().text()))), Fault::signature_wrong},
  };
}

Cases rsa_signatures() {
  const auto [header, payload, text] = parts(good(issuer().rs));
  const std::string input = header + "." + payload;
  const std::string modulus = issuer().rs.bytes("n");
  std::string below = modulus;
  below.back() = static_cast<char>(below.back() - 1);  // n is odd
  const std::string one = std::string(modulus.size() - 1, '\0') + '\1';
  return {
      {"rs: a PSS signature", with_signature(issuer().rs, issuer().rs.sign_raw(input, true)), Fault::signature_wrong},
      {"ps: a PKCS #1 signature",
       [] {
         const auto [head, body, old] = parts(good(issuer().ps));
         return join(head, body, base64url(issuer().ps.sign_raw(head + "." + body, false)));
       }(),
       Fault::signature_wrong},
      {"rs: the signature is n", with_signature(issuer().rs, modulus), Fault::signature_wrong},
      {"rs: the signature is n - 1", with_signature(issuer().rs, below), Fault::signature_wrong},
      {"rs: the signature is 1", with_signature(issuer().rs, one), Fault::signature_wrong},
      {"rs: a digest alone", with_signature(issuer().rs, crypto::view(crypto::sha256(input))), Fault::signature_length},
  };
}

/// S + L, which a lax verifier takes for S (RFC 8032 section 5.1.7).
std::string malleable(std::string signature) {
  constexpr std::array<unsigned char, 32> kOrder = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                                    0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                                    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned char>(signature[32 + i]) + kOrder[i];
    signature[32 + i] = static_cast<char>(carry & 0xFF);
    carry >>= 8;
  }
  return signature;
}

Cases ed25519_signatures() {
  const auto [header, payload, text] = parts(good(issuer().ed));
  const std::string signature = *crypto::from_base64url(text);
  const std::string s = signature.substr(32);
  const std::string identity = '\1' + std::string(31, '\0');
  const std::string order_two = "\xEC" + std::string(30, '\xFF') + "\x7F";
  const std::string not_canonical = "\xEE" + std::string(30, '\xFF') + "\x7F";
  return {
      {"ed: S + L", with_signature(issuer().ed, malleable(signature)), Fault::signature_wrong},
      {"ed: R of order 1, S = 0", with_signature(issuer().ed, identity + std::string(32, '\0')), Fault::signature_wrong},
      {"ed: R of order 1", with_signature(issuer().ed, identity + s), Fault::signature_wrong},
      {"ed: R of order 2", with_signature(issuer().ed, order_two + s), Fault::signature_wrong},
      {"ed: R of order 4", with_signature(issuer().ed, std::string(32, '\0') + s), Fault::signature_wrong},
      {"ed: R not canonical", with_signature(issuer().ed, not_canonical + s), Fault::signature_wrong},
      {"ed: S = 0", with_signature(issuer().ed, signature.substr(0, 32) + std::string(32, '\0')), Fault::signature_wrong},
      {"ed: R and S swapped", with_signature(issuer().ed, s + signature.substr(0, 32)), Fault::signature_wrong},
  };
}

Cases all_cases() {
  Cases out;
  const auto add = [&out](Cases more) { std::move(more.begin(), more.end(), std::back_inserter(out)); };
  for (const auto part : {none_and_symmetric, unknown_algorithms, swapped, headers, kids, structure, encodings, json_texts,
                          claims, rsa_signatures, ed25519_signatures})
    add(part());
  for (const Signer* const signer : issuer().all()) add(signatures(*signer));
  add(curve_signatures(issuer().es));
  add(curve_signatures(issuer().es384));
  return out;
}

}  // namespace

TEST_CASE("tokens of every algorithm pass before anything is done to them") {
  for (const Signer* const signer : issuer().all()) {
    const auto claims = admit(good(*signer));
    INFO(signer->kid() << ": " << (claims ? "" : jose::name(claims.error())));
    REQUIRE(claims);
    CHECK(claims->registered().subject == "alice");
  }
}

TEST_CASE("no hostile token passes, and each is refused for its own reason") {
  const Cases cases = all_cases();
  CHECK(cases.size() >= 150);
  std::set<std::string> tokens;
  for (const auto& [title, token, fault] : cases) {
    INFO(title);
    CHECK(tokens.insert(token).second);
    const auto claims = admit(token);
    REQUIRE_FALSE(claims);
    CHECK(jose::name(claims.error()) == jose::name(fault));
  }
}

TEST_CASE("every fault that a token can have is provoked by the list of hostile tokens") {
  std::set<Fault> provoked;
  for (const Case& each : all_cases()) provoked.insert(each.fault);
  // Those of key sets, of checks that the list does not ask for, of proofs and of certificates come from elsewhere.
  const auto of_tokens = [](Fault fault) {
    return fault <= Fault::signature_wrong || (fault >= Fault::claims_not_json && fault <= Fault::type_wrong);
  };
  const std::set<Fault> elsewhere = {Fault::key_ambiguous, Fault::claim_malformed, Fault::type_missing};
  for (std::size_t i = 0; i < jose::kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    INFO(jose::name(fault));
    if (of_tokens(fault) && elsewhere.count(fault) == 0) CHECK(provoked.count(fault) == 1);
  }
}

TEST_CASE("a token that differs in one character, or ends early, does not pass") {
  const std::string token = good(issuer().ed);
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    INFO(i);
    REQUIRE_FALSE(admit(changed));
    REQUIRE_FALSE(admit(token.substr(0, i)));
  }
}

}  // namespace durward::tests
