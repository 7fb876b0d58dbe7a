#include "policy/authn/issuer.hpp"

#include <catch2/catch.hpp>

#include "tests/policy/jose/issuer.hpp"

using namespace durward;
using authn::Cause;
using authn::Defect;
using jose::Fault;
using tests::kNow;
using tests::Payload;

namespace {

config::JwtAuthn settings(std::vector<std::string> tenants = {"acme"}) {
  config::JwtAuthn out;
  out.issuer.value = tests::kIssuer;
  out.tenants.emplace();
  for (const std::string& tenant : tenants) out.tenants->push_back({tenant, {}});
  return out;
}

jose::Claims claims(const std::string& more, Payload payload = {}) {
  payload.more = more;
  const tests::Signer& signer = tests::issuer().ed;
  auto token = jose::read(signer.compact(signer.header(), payload.text()));
  REQUIRE(token);
  const auto key = tests::issuer().keys.find(*token);
  REQUIRE(key);
  auto verified = jose::verify(*std::move(token), **key);
  REQUIRE(verified);
  return *std::move(verified);
}

Cause refused(const config::JwtAuthn& with, const std::string& more, Payload payload = {}) {
  const auto who = authn::Issuer(with).principal(claims(more, std::move(payload)));
  REQUIRE_FALSE(who);
  return who.error();
}

policy::Principal known(const config::JwtAuthn& with, const std::string& more) {
  const auto who = authn::Issuer(with).principal(claims(more));
  if (!who) FAIL(who.error().name());
  return *who;
}

const std::string kOrg = R"(,"org":"acme")";

}  // namespace

TEST_CASE("a token says who its holder is, by the seed's claims") {
  const auto who =
      known(settings(), R"(,"org":"acme","roles":["a","b"],"groups":"g","azp":"cli","client_id":"other","scope":"x y")");
  CHECK(who.tenant() == "acme");
  CHECK(who.issuer() == tests::kIssuer);
  CHECK(who.subject() == "alice");
  CHECK(who.client_id() == "cli");
  CHECK(who.roles() == std::vector<std::string>{"a", "b"});
  CHECK(who.groups() == std::vector<std::string>{"g"});
  CHECK(who.scopes() == std::vector<std::string>{"x", "y"});
  CHECK(who.method() == policy::AuthnMethod::jwt);
  CHECK(who.expiry() == kNow + 300 + 30);
  CHECK(who.key() == R"(["acme","https://issuer.example/","alice","cli"])");
  CHECK(known(settings(), kOrg + R"(,"client_id":"c")").client_id() == "c");
  CHECK(known(settings(), kOrg).client_id().empty());
}

TEST_CASE("claims have the names that the configuration gives them") {
  config::JwtAuthn with = settings();
  with.claims.tenant.value = "/a/b";
  with.claims.subject.value = "uid";
  with.claims.roles.value = "/realm_access/roles";
  with.claims.client_id.emplace().value = "cid";
  const auto who = known(with, R"(,"org":"globex","a":{"b":"acme"},"uid":"u1","azp":"no","realm_access":{"roles":["r"]})");
  CHECK(who.tenant() == "acme");
  CHECK(who.subject() == "u1");
  CHECK(who.roles() == std::vector<std::string>{"r"});
  CHECK(who.client_id().empty());
}

TEST_CASE("a token without tenant or subject, or for a tenant that is not its issuer's, names nobody") {
  CHECK(refused(settings(), "") == Cause(Defect::tenant_missing));
  CHECK(refused(settings(), R"(,"org":"globex")") == Cause(Defect::tenant_not_issuers));
  CHECK(refused(settings(), R"(,"org":"*")") == Cause(Defect::tenant_not_issuers));
  CHECK(refused(settings(), R"(,"org":["acme"])") == Cause(Fault::claim_malformed));
  CHECK(refused(settings({}), kOrg) == Cause(Defect::tenant_not_issuers));
  CHECK(known(settings({"*"}), R"(,"org":"globex")").tenant() == "globex");
  Payload nobody;
  nobody.sub.clear();
  CHECK(refused(settings(), kOrg, nobody) == Cause(Defect::subject_missing));
  config::JwtAuthn any = settings();
  any.tenants.reset();
  CHECK(known(any, R"(,"org":"globex")").tenant() == "globex");
}

TEST_CASE("roles and groups are lists of text, or the token is refused") {
  CHECK(refused(settings(), kOrg + R"(,"roles":[1])") == Cause(Fault::claim_malformed));
  CHECK(refused(settings(), kOrg + R"(,"groups":{"a":1})") == Cause(Fault::claim_malformed));
  CHECK(refused(settings(), kOrg + R"(,"azp":7)") == Cause(Fault::claim_malformed));
}

TEST_CASE("a mail address counts only where the issuer is trusted with it and says that it was verified") {
  const std::string mail = kOrg + R"(,"email":"a@example.com")";
  const std::string verified = mail + R"(,"email_verified":true)";
  config::JwtAuthn trusted = settings();
  trusted.email_trusted = true;
  CHECK(known(settings(), verified).email().empty());
  CHECK(known(trusted, mail).email().empty());
  CHECK(known(trusted, mail + R"(,"email_verified":"true")").email().empty());
  CHECK(known(trusted, verified).email() == "a@example.com");
}

TEST_CASE("an issuer's own rules about type, algorithm and binding hold") {
  config::JwtAuthn with = settings();
  with.dpop_required = true;
  CHECK(refused(with, kOrg) == Cause(Defect::token_not_bound));
  with = settings();
  with.dpop = false;
  CHECK_FALSE(known(with, kOrg).tenant().empty());
  CHECK(refused(with, kOrg + R"(,"cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})") ==
        Cause(Defect::dpop_not_taken));
  with = settings();
  with.issuer.value = "https://issuer.example";
  CHECK(refused(with, kOrg) == Cause(Fault::issuer_wrong));
  Payload endless;
  endless.exp.clear();
  CHECK(refused(settings(), kOrg, endless) == Cause(Fault::expiry_missing));
  with = settings();
  with.algorithms = static_cast<std::uint8_t>(config::SignatureAlgorithm::es256);
  CHECK(authn::Issuer(with).admit(jose::Algorithm::es256));
  for (const auto other : {jose::Algorithm::rs256, jose::Algorithm::ps256, jose::Algorithm::es384, jose::Algorithm::eddsa}) {
    const auto admitted = authn::Issuer(with).admit(other);
    REQUIRE_FALSE(admitted);
    CHECK(admitted.error() == Cause(Defect::algorithm_not_allowed));
    CHECK(authn::Issuer(settings()).admit(other));
  }
}

TEST_CASE("a token holds up to its expiry and the leeway, and not a second longer") {
  config::JwtAuthn with = settings();
  with.leeway = std::chrono::seconds(60);
  const authn::Issuer issuer(with);
  const jose::Claims one = claims(kOrg);
  CHECK(issuer.check_now(one.registered(), kNow + 300 + 59));
  const auto late = issuer.check_now(one.registered(), kNow + 300 + 60);
  REQUIRE_FALSE(late);
  CHECK(late.error() == Cause(Fault::expired));
  CHECK(issuer.principal(one)->expiry() == kNow + 300 + 60);
}
