#include "policy/authn/client_ca.hpp"

#include <catch2/catch.hpp>

#include "tests/policy/authn/certificates.hpp"

using namespace durward;
using namespace durward::authn;
using tests::TestCa;

namespace {

constexpr std::int64_t kNow = TestCa::kFrom + 10;

const TestCa& root() {
  static const TestCa made("root");
  return made;
}

config::MtlsAuthn settings(std::vector<std::string> tenants) {
  config::MtlsAuthn out;
  out.tenants.emplace();
  for (const std::string& tenant : tenants) out.tenants->push_back({tenant, {}});
  return out;
}

ClientCa ca(const config::MtlsAuthn& with, const std::string& pem = root().pem()) {
  auto made = ClientCa::make(with, pem, "house");
  if (!made) FAIL(made.error());
  return *std::move(made);
}

Outcome<policy::Principal> named(const ClientCa& by, const std::string& der, std::int64_t now = kNow) {
  const auto identity = jose::CertificateIdentity::parse(der);
  if (!identity) return identity.error();
  if (auto issued = by.issued(der, {}, now); !issued) return issued.error();
  return by.principal(*identity, now);
}

const std::string kAgent = "URI:spiffe://example.org/acme/agent";

}  // namespace

TEST_CASE("a certificate of the CA names its holder by SPIFFE ID, else by its first DNS name") {
  const ClientCa one = ca(settings({"acme"}));
  const auto agent = named(one, root().issue(kAgent));
  if (!agent) FAIL(agent.error().name());
  CHECK(agent->subject() == "spiffe://example.org/acme/agent");
  CHECK(agent->tenant() == "acme");
  CHECK(agent->issuer() == "mtls");
  CHECK(agent->method() == policy::AuthnMethod::mtls);
  CHECK(agent->expiry() == TestCa::kFrom + TestCa::kDay + 1);
  CHECK(named(one, root().issue("DNS:Agent.Example.org,DNS:b.example.org"))->subject() == "agent.example.org");
}

TEST_CASE("what another CA has issued, or for another use or time, is not trusted") {
  const ClientCa one = ca(settings({"acme"}));
  const TestCa stranger("root");  // of the same name
  const auto refused = [&](const std::string& der, std::int64_t now = kNow) {
    const auto who = named(one, der, now);
    REQUIRE_FALSE(who);
    return who.error();
  };
  CHECK(refused(stranger.issue(kAgent)) == Cause(Defect::certificate_untrusted));
  CHECK(refused(root().issue(kAgent, "serverAuth")) == Cause(Defect::certificate_untrusted));
  CHECK(refused(root().issue(kAgent), TestCa::kFrom - 1) == Cause(Defect::certificate_untrusted));
  CHECK(refused(root().issue(kAgent), TestCa::kFrom + TestCa::kDay + 1) == Cause(Defect::certificate_untrusted));
  CHECK(refused(TestCa::der_of(root().certificate())) == Cause(jose::Fault::certificate_authority));
  CHECK(refused(root().issue("email:a@example.org")) == Cause(jose::Fault::certificate_unnamed));
  CHECK(refused(root().issue("URI:https://example.org/a")) == Cause(jose::Fault::certificate_unnamed));
  CHECK(one.issued("not DER", {}, kNow).error() == Cause(Defect::certificate_untrusted));
}

TEST_CASE("a CA between is trusted where it is in the bundle, with its root or alone") {
  const TestCa between = root().below("between");
  const std::string der = between.issue(kAgent);
  CHECK_FALSE(named(ca(settings({"acme"})), der));
  CHECK(named(ca(settings({"acme"}), root().pem() + between.pem()), der));
  CHECK(named(ca(settings({"acme"}), between.pem()), der));
  CHECK_FALSE(named(ca(settings({"acme"}), between.pem()), root().issue(kAgent)));
}

TEST_CASE("names say whose tenant a certificate is, and no other may be asserted") {
  config::MtlsAuthn with = settings({"acme", "globex"});
  const auto map = [&with](const char* glob, const char* tenant) { with.names.push_back({{glob, {}}, {tenant, {}}}); };
  map("spiffe://example.org/acme/*", "acme");
  map("spiffe://example.org/*", "globex");
  map("*.initech.example", "initech");
  const ClientCa one = ca(with);
  CHECK(named(one, root().issue(kAgent))->tenant() == "acme");
  CHECK(named(one, root().issue("URI:spiffe://example.org/x"))->tenant() == "globex");
  CHECK(named(one, root().issue("DNS:a.initech.example")).error() == Cause(Defect::tenant_not_issuers));
  CHECK(named(one, root().issue("DNS:a.example.org")).error() == Cause(Defect::certificate_nameless));
}

TEST_CASE("without names the only tenant is everybody's, without tenants the policy's") {
  CHECK(named(ca(settings({"acme"})), root().issue(kAgent))->tenant() == "acme");
  config::MtlsAuthn any;
  any.scopes.push_back({"mcp:use", {}});
  const auto who = named(ca(any), root().issue(kAgent));
  CHECK(who->tenant() == "house");
  CHECK(who->scopes() == std::vector<std::string>{"mcp:use"});
}

TEST_CASE("a bundle that is not one is refused as a whole") {
  const auto refused = [](const std::string& pem) {
    const auto made = ClientCa::make({}, pem, "");
    REQUIRE_FALSE(made);
    return made.error();
  };
  CHECK(refused("") == "holds no certificate in PEM");
  CHECK(refused("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n") == "is not whole PEM");
  const std::string whole = root().pem();
  CHECK(refused(whole + whole.substr(0, whole.size() / 2)) == "is not whole PEM");
  std::string spoilt = whole;
  spoilt[whole.size() / 2] = '!';
  CHECK(refused(whole + spoilt) == "is not whole PEM");
  CHECK(refused(std::string(ClientCa::kMaxBytes + 1, ' ')) == "is larger than 1 MiB");
}
