#include "gateway/authenticator.hpp"

#include <catch2/catch.hpp>

#include "policy/jose/dpop.hpp"
#include "tests/policy/authn/certificates.hpp"
#include "tests/policy/jose/issuer.hpp"

using namespace durward;
using namespace durward::gateway;
using authn::Cause;
using authn::Defect;
using jose::Fault;
using policy::AuthnMethod;
using tests::kNow;
using tests::kResource;
using tests::Payload;
using tests::TestCa;
using namespace std::chrono_literals;

namespace {

const std::string kOrg = R"(,"org":"acme")";

std::string payload(const std::string& more = kOrg, Payload parts = {}) {
  parts.more = more;
  return parts.text();
}

std::string token(const std::string& claims = payload(), const tests::Signer& by = tests::issuer().es) {
  return by.compact(by.header(), claims);
}

/// A configuration with all methods, and one loop's authenticator.
struct Gateway {
  explicit Gateway(bool with_keys = true) {
    config::JwtAuthn jwt;
    jwt.issuer.value = tests::kIssuer;
    jwt.jwks.value = "https://issuer.example/jwks";
    jwt.tenants.emplace().push_back({"acme", {}});
    keys = std::make_shared<KeySource>(tests::kIssuer, config::Url{"https", "issuer.example", 443, "/jwks"});
    if (with_keys) give(tests::issuer().document());
    methods->issuers.push_back({authn::Issuer(jwt), keys});
    const authn::HashKey hash_key{"k", config::Secret(std::string(32, 'h'))};
    authn::NewApiKey key = authn::make_api_key("abcdefghij01", std::string(32, 'r'), hash_key);
    key.entry.subject = "ci";
    api_key = key.text.reveal();
    methods->api_keys.push_back(*authn::ApiKeys::make({{key.entry}}, {hash_key}, std::nullopt, "house"));
    methods->client_cas.push_back(*authn::ClientCa::make({}, ca.pem(), "house"));
  }
  void give(const std::string& json) {
    steady += KeySource::kUnknownPause;
    REQUIRE(keys->begin(KeySource::Why::unknown_key, steady) == KeySource::Go::fetch);
    REQUIRE(keys->end(json, 600s, steady));
  }

  using Fields = std::vector<Field>;
  Authenticator::Verdict ask(const Fields& fields, bool waited = true) {
    Head head;
    head.method = "POST";
    head.target = target;
    head.fields = fields;
    const Asking asking{head, resource, address, certificate};
    return one.check(methods, limits, asking, {steady, now}, waited);
  }
  Authenticator::Verdict bearer(const std::string& what, bool waited = true) {
    const std::string value = "Bearer " + what;
    return ask({{"Authorization", value}}, waited);
  }

  std::shared_ptr<AuthnMethods> methods = std::make_shared<AuthnMethods>();
  std::shared_ptr<KeySource> keys;
  std::string api_key;
  TestCa ca{"root"};
  quotas::RateTable failures{1024, {}};
  quotas::ReplayCache proofs{1000, {}, kNow - 1000};
  Authenticator one{failures, proofs};
  Authenticator::Limits limits{1000, 10};
  KeySource::Time steady{1000h};
  std::int64_t now = kNow;
  std::string target = "/mcp/files", resource = kResource, address = "192.0.2.1";
  ClientCertificate* certificate = nullptr;
};

policy::Principal known(const Authenticator::Verdict& verdict) {
  if (const auto* unproven = std::get_if<Unproven>(&verdict)) FAIL(unproven->cause.name());
  return std::get<policy::Principal>(verdict);
}

Unproven refused(const Authenticator::Verdict& verdict) {
  REQUIRE(std::holds_alternative<Unproven>(verdict));
  return std::get<Unproven>(verdict);
}

void expect(const Authenticator::Verdict& verdict, Cause cause) {
  const Unproven unproven = refused(verdict);
  INFO(unproven.cause.name() << " instead of " << cause.name());
  CHECK(unproven.cause == cause);
  CHECK(unproven.reason == policy::Reason::unauthenticated);
}

/// A DPoP proof for the token.
std::string proof(const tests::Signer& by, const std::string& compact, const std::string& id = "p1",
                  const char* method = "POST", const std::string& uri = kResource, std::int64_t at = kNow) {
  const std::string header = R"({"alg":"ES256","typ":"dpop+jwt","jwk":{)" + by.members() + "}}";
  const std::string ath = crypto::base64url(crypto::view(crypto::sha256(compact)));
  return by.compact(header, R"({"jti":")" + id + R"(","htm":")" + method + R"(","htu":")" + uri + R"(","iat":)" +
                                std::to_string(at) + R"(,"ath":")" + ath + "\"}");
}

const tests::Signer& holder() {
  static const tests::Signer made(jose::Algorithm::es256);
  return made;
}

std::string bound_token() {
  const jose::PublicKey key =
      *jose::PublicKey::parse_embedded(json::Document::parse("{" + holder().members() + "}")->root(), jose::Algorithm::es256);
  return token(payload(kOrg + R"(,"cnf":{"jkt":")" + crypto::base64url(crypto::view(key.thumbprint())) + "\"}"));
}

}  // namespace

TEST_CASE("the form of a credential picks the method") {
  Gateway gateway;
  const auto by_token = known(gateway.bearer(token()));
  CHECK(by_token.method() == AuthnMethod::jwt);
  CHECK(by_token.subject() == "alice");
  CHECK(by_token.tenant() == "acme");
  const auto by_key = known(gateway.bearer(gateway.api_key));
  CHECK(by_key.method() == AuthnMethod::api_key);
  CHECK(by_key.subject() == "ci");
  ClientCertificate certificate(gateway.ca.issue("DNS:agent.example.org"));
  gateway.now = TestCa::kFrom + 5;
  gateway.certificate = &certificate;
  CHECK(known(gateway.ask({})).subject() == "agent.example.org");
}

TEST_CASE("without a credential nobody is known, and that is no failure") {
  Gateway gateway;
  gateway.limits.failures_per_minute = 1;
  for (int i = 0; i < 10; ++i) {
    const Unproven unproven = refused(gateway.ask({}));
    CHECK(unproven.cause == Cause(Defect::credential_missing));
    CHECK_FALSE(unproven.presented);
    CHECK_FALSE(unproven.tried);
  }
  known(gateway.bearer(token()));
}

TEST_CASE("a credential that does not hold is refused, never taken for none") {
  Gateway gateway;
  const std::string good = token();
  expect(gateway.bearer("x"), Fault::token_not_three_parts);
  expect(gateway.ask({{"authorization", "Basic YTpi"}}), Defect::scheme_unknown);
  expect(gateway.ask({{"authorization", ""}}), Defect::authorization_malformed);
  expect(gateway.bearer(good.substr(0, good.size() - 4) + "AAAA"), Fault::signature_wrong);
  Payload foreign;
  foreign.iss = R"("iss":"https://other.example/")";
  expect(gateway.bearer(token(payload(kOrg, foreign))), Defect::issuer_unknown);
  expect(gateway.bearer("dw_abcdefghij01_" + std::string(43, 'A')), Defect::api_key_wrong);
  expect(gateway.bearer("dw_"), Defect::api_key_malformed);
  gateway.target = "/mcp/files?access_token=" + good;
  expect(gateway.ask({}), Defect::credential_in_query);
  expect(gateway.bearer(good), Defect::credential_in_query);
  CHECK(refused(gateway.bearer(good)).presented);
}

TEST_CASE("a method that is not configured refuses") {
  Gateway gateway;
  const std::string key = gateway.api_key;
  gateway.methods->api_keys.clear();
  expect(gateway.bearer(key), Defect::method_not_configured);
  gateway.methods->issuers.clear();
  expect(gateway.bearer(token()), Defect::method_not_configured);
  gateway.methods->client_cas.clear();
  ClientCertificate certificate(gateway.ca.issue("DNS:agent.example.org"));
  gateway.certificate = &certificate;
  CHECK(refused(gateway.ask({})).cause == Cause(Defect::credential_missing));
}

TEST_CASE("what a token says is checked against each request, remembered or not") {
  Gateway gateway;
  const std::string good = token();
  known(gateway.bearer(good));
  CHECK(gateway.one.remembered() == 1);
  gateway.resource = "https://gateway.example/mcp/mail";
  expect(gateway.bearer(good), Fault::audience_wrong);
  gateway.resource = kResource;
  known(gateway.bearer(good));
  gateway.now = kNow + 300 + 29;
  known(gateway.bearer(good));
  gateway.now = kNow + 300 + 30;
  expect(gateway.bearer(good), Fault::expired);
  Gateway fresh;
  fresh.resource = "https://gateway.example/mcp/mail";
  expect(fresh.bearer(good), Fault::audience_wrong);
  fresh.resource = kResource;
  fresh.now = kNow + 300 + 30;
  expect(fresh.bearer(good), Fault::expired);
}

TEST_CASE("a token is verified again after a minute, under other keys, and in another configuration") {
  Gateway gateway;
  const std::string good = token();
  known(gateway.bearer(good));
  gateway.give(R"({"keys":[]})");
  expect(gateway.bearer(good), Fault::key_unknown);
  Gateway other;
  known(other.bearer(good));
  auto narrowed = std::make_shared<AuthnMethods>();
  config::JwtAuthn jwt;
  jwt.issuer.value = tests::kIssuer;
  jwt.tenants.emplace().push_back({"globex", {}});
  narrowed->issuers.push_back({authn::Issuer(jwt), other.keys});
  other.methods = narrowed;
  expect(other.bearer(good), Defect::tenant_not_issuers);
}

TEST_CASE("an issuer's keys are asked for before a token of its is refused for want of them") {
  Gateway gateway(false);
  const auto first = gateway.bearer(token(), false);
  REQUIRE(std::holds_alternative<Authenticator::Wait>(first));
  CHECK(std::get<Authenticator::Wait>(first).keys == gateway.keys);
  CHECK(std::get<Authenticator::Wait>(first).why == KeySource::Why::nothing);
  const Unproven without = refused(gateway.bearer(token(), true));
  CHECK(without.cause == Cause(Defect::keys_unavailable));
  CHECK(without.reason == policy::Reason::keys_unavailable);
  gateway.give(R"({"keys":[)" + tests::issuer().rs.jwk() + "]}");
  const auto unknown = gateway.bearer(token(), false);
  REQUIRE(std::holds_alternative<Authenticator::Wait>(unknown));
  CHECK(std::get<Authenticator::Wait>(unknown).why == KeySource::Why::unknown_key);
  expect(gateway.bearer(token(), true), Fault::key_unknown);
  // A malformed or foreign token asks for nothing.
  CHECK(std::holds_alternative<Unproven>(gateway.bearer("a.b.c", false)));
}

TEST_CASE("after its failures of a minute an address is refused before its credential is looked at") {
  Gateway gateway;
  gateway.limits.failures_per_minute = 20;
  for (int i = 0; i < 20; ++i) expect(gateway.bearer("bad"), Fault::token_not_three_parts);
  expect(gateway.bearer("bad"), Defect::credential_unread);
  expect(gateway.bearer(token()), Defect::credential_unread);
  CHECK(gateway.one.remembered() == 0);
  gateway.address = "192.0.2.2";
  known(gateway.bearer(token()));
  gateway.address = "192.0.2.1";
  gateway.steady += 3s;
  known(gateway.bearer(token()));
}

TEST_CASE("a bound token comes with a proof by its key for this very request") {
  Gateway gateway;
  const std::string bound = bound_token();
  const std::string value = "DPoP " + bound;
  const auto with = [&](const std::string& one) { return gateway.ask({{"authorization", value}, {"DPoP", one}}); };
  expect(gateway.bearer(bound), Defect::scheme_not_dpop);
  expect(gateway.ask({{"authorization", value}}), Fault::proof_missing);
  CHECK(refused(gateway.ask({{"authorization", value}})).dpop);
  const std::string good = proof(holder(), bound);
  expect(gateway.ask({{"authorization", value}, {"dpop", good}, {"dpop", good}}), Defect::proof_repeated);
  known(with(good));
  expect(with(good), Fault::proof_replayed);
  known(with(proof(holder(), bound, "p2")));
  expect(with(proof(holder(), bound, "p3", "GET")), Fault::proof_method);
  expect(with(proof(holder(), bound, "p4", "POST", "https://gateway.example/mcp/mail")), Fault::proof_uri);
  expect(with(proof(holder(), bound, "p5", "POST", kResource, kNow - 61)), Fault::proof_expired);
  expect(with(proof(holder(), bound + "x", "p6")), Fault::proof_token);
  expect(with(proof(tests::issuer().es, bound, "p7")), Fault::proof_key_wrong);
  const std::string plain = "DPoP " + token();
  expect(gateway.ask({{"authorization", plain}, {"dpop", proof(holder(), token())}}), Defect::token_not_bound);
  const std::string key = "DPoP " + gateway.api_key;
  expect(gateway.ask({{"authorization", key}}), Defect::token_not_bound);
}

TEST_CASE("a token that is bound to a certificate comes over a connection with that one") {
  Gateway gateway;
  ClientCertificate mine(gateway.ca.issue("DNS:agent.example.org"));
  ClientCertificate other(gateway.ca.issue("DNS:agent.example.org"));
  const std::string bound =
      token(payload(kOrg + R"(,"cnf":{"x5t#S256":")" + crypto::base64url(crypto::view(mine.thumbprint)) + "\"}"));
  gateway.now = TestCa::kFrom + 5;
  expect(gateway.bearer(bound), Fault::certificate_missing);
  gateway.certificate = &other;
  expect(gateway.bearer(bound), Fault::certificate_wrong);
  gateway.certificate = &mine;
  const auto who = known(gateway.bearer(bound));
  CHECK(who.method() == AuthnMethod::jwt);
  CHECK(who.subject() == "alice");
}

TEST_CASE("with a certificate and a bearer credential both must hold, and the bearer names the caller") {
  Gateway gateway;
  const TestCa stranger("root");
  gateway.now = TestCa::kFrom + 5;
  ClientCertificate good(gateway.ca.issue("DNS:agent.example.org"));
  ClientCertificate bad(stranger.issue("DNS:agent.example.org"));
  gateway.certificate = &bad;
  expect(gateway.ask({}), Defect::certificate_untrusted);
  expect(gateway.bearer(token()), Defect::certificate_untrusted);
  expect(gateway.bearer(gateway.api_key), Defect::certificate_untrusted);
  gateway.certificate = &good;
  CHECK(known(gateway.bearer(token())).subject() == "alice");
  CHECK(known(gateway.bearer(gateway.api_key)).subject() == "ci");
  expect(gateway.bearer("bad"), Fault::token_not_three_parts);
  gateway.now = TestCa::kFrom + TestCa::kDay + 1;
  expect(gateway.ask({}), Defect::certificate_untrusted);
}

TEST_CASE("a caller is known as long as credential and configuration last") {
  Gateway gateway;
  const auto alice = known(gateway.bearer(token()));
  CHECK(gateway.methods->holds(alice, kNow + 329));
  CHECK_FALSE(gateway.methods->holds(alice, kNow + 330));
  const auto ci = known(gateway.bearer(gateway.api_key));
  CHECK(gateway.methods->holds(ci, kNow));
  CHECK_FALSE(gateway.methods->holds(policy::anonymous("acme"), kNow));
  AuthnMethods none;
  CHECK_FALSE(none.holds(alice, kNow));
  CHECK_FALSE(none.holds(ci, kNow));
  none.anonymous = true;
  CHECK(none.holds(policy::anonymous("acme"), kNow));
}

TEST_CASE("many different tokens are remembered up to the limit only") {
  Gateway gateway;
  for (int i = 0; i < 30; ++i)
    known(gateway.bearer(token(payload(kOrg + R"(,"jti":")" + std::to_string(i) + "\""), tests::issuer().ed)));
  CHECK(gateway.one.remembered() == 10);
}
