#include "policy/jose/claims.hpp"

#include <catch2/catch.hpp>

#include "policy/jose/uri.hpp"
#include "tests/policy/jose/issuer.hpp"

namespace durward::jose {
namespace {

using tests::issuer;
using tests::kNow;
using tests::Payload;

Claims claims_of(const std::string& payload) {
  const auto& signer = issuer().ed;
  auto token = read(signer.compact(signer.header(), payload));
  INFO((token ? "" : name(token.error())));
  REQUIRE(token);
  auto claims = verify(*std::move(token), **issuer().keys.find("ed", Algorithm::eddsa));
  REQUIRE(claims);
  return *std::move(claims);
}

/// Of claims that are the issuer and these.
Claims with(const std::string& members) { return claims_of(R"({"iss":"i",)" + members + "}"); }
Registered registered(const std::string& members) { return with(members).registered(); }

using Texts = std::vector<std::string>;

std::string word(const Outcome<void>& outcome) { return std::string(outcome ? "good" : name(outcome.error())); }

Registered at(std::optional<std::int64_t> expiry, std::optional<std::int64_t> not_before = {},
              std::optional<std::int64_t> issued_at = {}) {
  Registered out;
  out.expiry = expiry;
  out.not_before = not_before;
  out.issued_at = issued_at;
  return out;
}

}  // namespace

TEST_CASE("registered claims are read as they are, and may be absent but for the issuer") {
  const Registered least = claims_of(R"({"iss":"i"})").registered();
  CHECK(least.issuer == "i");
  CHECK((least.subject.empty() && least.audiences.empty() && least.id.empty() && least.scopes.empty()));
  CHECK((!least.expiry && !least.not_before && !least.issued_at && !least.proof_key && !least.certificate));
  CHECK(least.type == "at+jwt");
  const Registered most = registered(
      R"("sub":"al\u0069ce \u00e4 \ud83d\ude00","aud":["a","b"],"exp":10,"nbf":8,"iat":9,"jti":"x","scope":"a b","cnf":{"jkt":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE","x5t#S256":"YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI","jku":1})");
  CHECK(most.subject == "alice \u00e4 \U0001F600");
  CHECK(most.audiences == Texts{"a", "b"});
  CHECK((most.expiry == 10 && most.not_before == 8 && most.issued_at == 9));
  CHECK(most.id == "x");
  CHECK(crypto::view(*most.proof_key) == std::string(32, 'a'));
  CHECK(crypto::view(*most.certificate) == std::string(32, 'b'));
  CHECK(registered(R"("aud":"a")").audiences == Texts{"a"});
}

TEST_CASE("the type of a token is compared without its case and its prefix") {
  const auto type = [](const std::string& typ) {
    const auto& signer = issuer().ed;
    const auto token = read(signer.compact(R"({"alg":"EdDSA","kid":"ed")" + typ + "}", R"({"iss":"i"})"));
    return verify(*token, **issuer().keys.find("ed", Algorithm::eddsa))->registered().type;
  };
  CHECK(type("").empty());
  CHECK(type(R"(,"typ":"AT+jwt")") == "at+jwt");
  CHECK(type(R"(,"typ":"Application/at+JWT")") == "at+jwt");
  CHECK(type(R"(,"typ":"application/a/b")") == "application/a/b");
  CHECK(type(R"(,"typ":"text/plain")") == "text/plain");
}

TEST_CASE("scopes come from scope, else from scp, each once and in order") {
  CHECK(registered(R"("scope":"b a b")").scopes == Texts{"b", "a"});
  CHECK(registered(R"("scope":"","scp":["x"])").scopes.empty());
  CHECK(registered(R"("scope":"a","scp":["x"])").scopes == Texts{"a"});
  CHECK(registered(R"("scp":["x","y","x"])").scopes == Texts{"x", "y"});
  CHECK(registered(R"("scp":"x y")").scopes == Texts{"x", "y"});
  CHECK(registered(R"("scp":[])").scopes.empty());
  CHECK(registered(R"("scope":"mcp:read https://x.example/a!#$%&'()*+,-./:;<=>?@[]^_`{|}~")").scopes.size() == 2);
}

TEST_CASE("a NumericDate may have a fraction, which never lengthens a token's life") {
  const Registered cut = registered(R"("exp":10.9,"nbf":10.1,"iat":1.8e9)");
  CHECK((cut.expiry == 10 && cut.not_before == 11 && cut.issued_at == 1'800'000'000));
  const Registered ends = registered(R"("exp":253402300799,"nbf":0,"iat":0.0)");
  CHECK((ends.expiry == 253'402'300'799 && ends.not_before == 0 && ends.issued_at == 0));
}

TEST_CASE("configured claims are found by their name as it stands, or by a JSON Pointer") {
  const Claims claims = with(
      R"("org":"acme","a.b":"dotted","a":{"b":"nested","~/":"odd","":"empty"},"/top":"slash","https://example.com/roles":["r","s"],"realm_access":{"roles":["admin"]},"n":1,"one":"x")");
  CHECK(*claims.text("org") == "acme");
  CHECK(*claims.text("a.b") == "dotted");
  CHECK(*claims.text("/a/b") == "nested");
  CHECK(*claims.text("/a/~0~1") == "odd");
  CHECK(*claims.text("/a/") == "empty");
  CHECK(*claims.text("/~1top") == "slash");
  CHECK(*claims.text("/org") == "acme");
  CHECK(*claims.list("https://example.com/roles") == Texts{"r", "s"});
  CHECK(*claims.list("/realm_access/roles") == Texts{"admin"});
  CHECK(*claims.list("one") == Texts{"x"});
  for (const char* const absent : {"none", "/top", "/a/c", "/org/x", "/a/b/c", "/realm_access/roles/0", "A"}) {
    INFO(absent);
    CHECK(*claims.text(absent) == std::nullopt);
    CHECK(claims.list(absent)->empty());
  }
}

TEST_CASE("a configured claim of another type is malformed, never absent") {
  const Claims claims = with(
      R"("n":1,"t":true,"z":null,"o":{},"l":["a"],"e":"","c":"a\u0001","h":"\ud800","mixed":["a",1],"deep":[["a"]],"gap":["a",""],"none":[])");
  for (const char* const bad :
       {"n", "t", "z", "o", "l", "e", "c", "h", "mixed", "/o", "", "/a~2", "/a~", "/1/2/3/4/5/6/7/8/9"}) {
    INFO(bad);
    REQUIRE_FALSE(claims.text(bad));
    CHECK(claims.text(bad).error() == Fault::claim_malformed);
  }
  for (const char* const bad : {"n", "t", "z", "o", "e", "c", "h", "mixed", "deep", "gap", ""}) {
    INFO(bad);
    CHECK_FALSE(claims.list(bad));
  }
  CHECK(claims.list("none")->empty());
}

TEST_CASE("only true is true") {
  const Claims claims = with(R"("email_verified":true,"s":"true","n":1,"f":false,"z":null,"in":{"email_verified":true})");
  CHECK(claims.is_true("email_verified"));
  CHECK(claims.is_true("/in/email_verified"));
  for (const char* const other : {"s", "n", "f", "z", "in", "none", "", "/in/x"}) CHECK_FALSE(claims.is_true(other));
}

TEST_CASE("a claim's name is any text, or a sound pointer of at most eight steps") {
  for (const char* const good :
       {"org", "a.b", "https://example.com/roles", "~", "/a", "/a/b", "/", "//", "/~0~1", "/1/2/3/4/5/6/7/8"})
    CHECK(names_claim(good));
  for (const char* const bad : {"", "/~", "/~2", "/a/~", "/a~x/b", "/1/2/3/4/5/6/7/8/9"}) CHECK_FALSE(names_claim(bad));
}

TEST_CASE("a token is good until its expiry plus leeway, to the second") {
  CHECK(word(check_times(at(kNow + 1), kNow, 0)) == "good");
  CHECK(word(check_times(at(kNow), kNow, 0)) == "expired");
  CHECK(word(check_times(at(kNow - 59), kNow, 60)) == "good");
  CHECK(word(check_times(at(kNow - 60), kNow, 60)) == "expired");
  CHECK(word(check_times(at(std::nullopt), kNow, 60)) == "expiry_missing");
  CHECK(word(check_times(at(kNow + 9, kNow + 60), kNow, 60)) == "good");
  CHECK(word(check_times(at(kNow + 9, kNow + 61), kNow, 60)) == "not_yet_valid");
  CHECK(word(check_times(at(kNow + 9, {}, kNow + 60), kNow, 60)) == "good");
  CHECK(word(check_times(at(kNow + 9, {}, kNow + 61), kNow, 60)) == "issued_in_future");
}

TEST_CASE("a leeway above sixty seconds counts as sixty, below none as none") {
  CHECK(word(check_times(at(kNow - 60), kNow, 3600)) == "expired");
  CHECK(word(check_times(at(kNow), kNow, -3600)) == "expired");
  CHECK(word(check_times(at(kNow + 1), kNow, -3600)) == "good");
}

TEST_CASE("types of other tokens are refused whatever the issuer says of its own") {
  const auto type = [](const char* text) {
    Registered out;
    out.type = text;
    return out;
  };
  CHECK(word(check_type(type("at+jwt"), TypeRule::at_jwt)) == "good");
  CHECK(word(check_type(type("at+jwt"), TypeRule::any)) == "good");
  CHECK(word(check_type(type(""), TypeRule::at_jwt)) == "type_missing");
  CHECK(word(check_type(type("jwt"), TypeRule::at_jwt)) == "type_wrong");
  CHECK(word(check_type(type(""), TypeRule::any)) == "good");
  CHECK(word(check_type(type("jwt"), TypeRule::any)) == "good");
  for (const char* const other : {"dpop+jwt", "logout+jwt", "id+jwt", "secevent+jwt", "jose"}) {
    CHECK(word(check_type(type(other), TypeRule::at_jwt)) == "type_wrong");
    CHECK(word(check_type(type(other), TypeRule::any)) == "type_wrong");
  }
}

TEST_CASE("issuer and audience are compared byte for byte") {
  Registered claims;
  claims.issuer = "https://issuer.example";
  CHECK(word(check_issuer(claims, "https://issuer.example")) == "good");
  for (const char* const other : {"https://issuer.example/", "https://ISSUER.example", "", "https://issuer.exampl"})
    CHECK(word(check_issuer(claims, other)) == "issuer_wrong");
  CHECK(word(check_audience(claims, "r")) == "audience_missing");
  claims.audiences = {"a", "r"};
  CHECK(word(check_audience(claims, "r")) == "good");
  for (const char* const other : {"R", "r/", ""}) CHECK(word(check_audience(claims, other)) == "audience_wrong");
}

TEST_CASE("a token that is bound to a certificate needs that certificate, one that is not needs none") {
  const crypto::Hash one = crypto::sha256("one");
  Registered claims;
  CHECK(word(check_certificate(claims, std::nullopt)) == "good");
  CHECK(word(check_certificate(claims, one)) == "good");
  claims.certificate = one;
  CHECK(word(check_certificate(claims, one)) == "good");
  CHECK(word(check_certificate(claims, std::nullopt)) == "certificate_missing");
  CHECK(word(check_certificate(claims, crypto::sha256("two"))) == "certificate_wrong");
}

TEST_CASE("URIs that mean the same have one normal form") {
  for (const char* const same :
       {"https://gateway.example/mcp/a", "HTTPS://gateway.example/mcp/a", "https://GATEWAY.example:443/mcp/a",
        "https://gateway.example:/mcp/a", "https://gateway.example/mcp/%61", "https://gateway.example/m%63p/a?x=1",
        "https://gateway.example/mcp/a#f", "https://gateway.example/mcp/a?"}) {
    INFO(same);
    CHECK(normal_uri(same) == "https://gateway.example/mcp/a");
  }
  CHECK(normal_uri("http://gateway.example:80") == "http://gateway.example/");
  CHECK(normal_uri("http://gateway.example:443/") == "http://gateway.example:443/");
  CHECK(normal_uri("http://127.0.0.1:8088/mcp/a%2fb%C3%a9") == "http://127.0.0.1:8088/mcp/a%2Fb%C3%A9");
  CHECK(normal_uri("https://[::1]:8443/") == "https://[::1]:8443/");
  for (const char* const none : {"",
                                 "gateway.example",
                                 "//gateway.example/",
                                 "/mcp/a",
                                 "ftp://gateway.example/",
                                 "https:/gateway.example/",
                                 "https:///mcp",
                                 "https://u@gateway.example/",
                                 "https://u:p@gateway.example/",
                                 "https://gateway.example/a/../b",
                                 "https://gateway.example/a/.",
                                 "https://gateway.example/%2e%2E/b",
                                 "https://gateway.example/%zz",
                                 "https://gateway.example/%4",
                                 "https://gateway.example/a b",
                                 "https://gateway.example\\mcp",
                                 "https://gateway.example:0/",
                                 "https://gateway.example:99999/",
                                 "https://gateway.example:4a/",
                                 "https://gateway_.example-/",
                                 "https://[::1/",
                                 "https://?x"}) {
    INFO(none);
    CHECK_FALSE(normal_uri(none));
  }
}

}  // namespace durward::jose
