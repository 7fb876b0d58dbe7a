#include <catch2/catch.hpp>

#include "config/load.hpp"

using namespace durward::config;

namespace {

const std::string kRest = "policy: p\nledger: {dir: l, key_ref: \"file:///k\"}\nservers: {s: {url: \"http://h/\"}}\n";
const std::string kPublic = "listen: {public_url: \"https://gw.example.com\", tls: {cert: c, key: \"file:///k\"}}\n";

// A settings file whose `authn` begins on line 4 after `lines`, which are three.
std::string with(const std::string& authn) {
  return kPublic + "policy: p\nledger: {dir: l, key_ref: \"file:///k\"}\n" + authn + "servers: {s: {url: \"http://h/\"}}\n";
}

std::string jwt(const std::string& more, const char* issuer = "https://as.example.com") {
  return "  - jwt: {issuer: \"" + std::string(issuer) + "\", jwks: \"https://as.example.com/jwks\"" + more + "}\n";
}

Settings good(const std::string& text) {
  auto loaded = parse_settings(text, "d.yaml", "/base");
  INFO(text << "\n" << render(loaded));
  REQUIRE(loaded.value);
  return *std::move(loaded.value);
}

struct Case {
  std::string text;
  int line, column;
  std::string phrase;
};

void refused(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    const auto loaded = parse_settings(one.text, "d.yaml", "/base");
    INFO(one.text << "\n" << render(loaded) << "expected at " << one.line << ":" << one.column << ": " << one.phrase);
    CHECK_FALSE(loaded.value);
    REQUIRE(loaded.diagnostics.size() == 1);
    CHECK(loaded.diagnostics[0].message.find(one.phrase) != std::string::npos);
    CHECK(loaded.diagnostics[0].where.line == one.line);
    CHECK(loaded.diagnostics[0].where.column == one.column);
  }
}

}  // namespace

TEST_CASE("an issuer needs its name and its keys, and has the seed's names of claims") {
  const Settings settings = good(with("authn:\n" + jwt("")));
  REQUIRE(settings.authn.jwt.size() == 1);
  CHECK_FALSE(settings.authn.anonymous);
  const JwtAuthn& one = settings.authn.jwt[0];
  CHECK(one.issuer.value == "https://as.example.com");
  CHECK(one.jwks.value == "https://as.example.com/jwks");
  CHECK_FALSE(one.tenants);
  CHECK(one.claims.tenant.value == "org");
  CHECK(one.claims.email.value == "email");
  CHECK(one.claims.roles.value == "roles");
  CHECK(one.claims.groups.value == "groups");
  CHECK(one.claims.subject.value == "sub");
  CHECK_FALSE(one.claims.client_id);
  CHECK(one.algorithms == kEveryAlgorithm);
  CHECK(one.leeway == std::chrono::seconds(30));
  CHECK_FALSE(one.email_trusted);
  CHECK_FALSE(one.at_jwt);
  CHECK(settings.limits.authentication_failures == 20);
}

TEST_CASE("every key of each method is read, and files are found beside the settings") {
  const Settings settings = good(with(R"(authn:
  - jwt:
      issuer: https://as.example.com/
      jwks: file://./keys.json
      tenants: [acme, globex]
      claims: {tenant: /org/id, email: mail, roles: r, groups: g, subject: uid, client_id: cid}
      email_trusted: true
      algorithms: [ES256, EdDSA]
      typ: at+jwt
      dpop_required: true
      leeway: 60s
  - api_key: {file: keys/api.json, tenants: [acme]}
  - mtls:
      client_ca: ca.pem
      tenants: [acme, globex]
      names: {"spiffe://example.org/acme/*": {tenant: acme}, "*.globex.example": {tenant: globex}}
      scopes: [mcp:read]
)"));
  const JwtAuthn& one = settings.authn.jwt.at(0);
  CHECK(one.jwks.value == "file:///base/keys.json");
  REQUIRE(one.tenants);
  CHECK(one.tenants->at(1).value == "globex");
  CHECK(one.claims.tenant.value == "/org/id");
  REQUIRE(one.claims.client_id);
  CHECK(one.claims.client_id->value == "cid");
  CHECK(one.algorithms == (static_cast<int>(SignatureAlgorithm::es256) | static_cast<int>(SignatureAlgorithm::eddsa)));
  CHECK(one.at_jwt);
  CHECK(one.dpop_required);
  CHECK(one.email_trusted);
  CHECK(one.leeway == std::chrono::seconds(60));
  CHECK(settings.authn.api_key.at(0).file.value == "/base/keys/api.json");
  const MtlsAuthn& mtls = settings.authn.mtls.at(0);
  CHECK(mtls.client_ca.value == "/base/ca.pem");
  REQUIRE(mtls.names.size() == 2);
  CHECK(mtls.names[1].first.value == "*.globex.example");
  CHECK(mtls.names[1].second.value == "globex");
  CHECK(mtls.scopes.at(0).value == "mcp:read");
}

TEST_CASE("scopes stand with servers and with their tools") {
  const Settings settings = good(kPublic + "authn:\n" + jwt("") + R"(policy: p
ledger: {dir: l, key_ref: "file:///k"}
servers: {s: {url: "http://h/", scopes: [mcp:use], tools: {"rm_*": {kind: exec, scopes: [mcp:write, mcp:admin]}}}}
)");
  const Server& server = settings.servers.at("s");
  CHECK(server.scopes.at(0).value == "mcp:use");
  CHECK(server.tools.at(0).scopes.at(1).value == "mcp:admin");
}

TEST_CASE("authentication that contradicts itself is refused where it does") {
  const std::string tenants = ", tenants: [acme]";
  refused({
      {"authn:\n" + jwt("") + kRest, 2, 5, "listen.public_url is missing"},
      {with("authn: []\n"), 4, 8, "authn must have at least one item"},
      {with("authn: {jwt: x}\n"), 4, 8, "authn must be a single value"},
      {with("authn:\n  - {}\n"), 5, 5, "authn[0] must hold exactly one of jwt, api_key and mtls"},
      {with("authn:\n  - {api_key: {file: a, tenants: [t]}, mtls: {client_ca: b, tenants: [t]}}\n"), 5, 5,
       "exactly one of jwt, api_key and mtls"},
      {with("authn:\n  - {api_keys: {file: a}, api_key: {file: a}}\n"), 5, 6,
       "unknown key \"api_keys\" in authn[0]: did you mean api_key?"},
      {with("authn:\n  - jwt: {jwks: \"https://h/k\"}\n"), 5, 10, "authn[0].jwt.issuer is missing"},
      {with("authn:\n  - jwt: {issuer: \"https://h\"}\n"), 5, 10, "authn[0].jwt.jwks is missing"},
      {with("authn:\n" + jwt(tenants) + jwt("", "https://other.example.com")), 6, 5, "jwt.tenants is missing"},
      {with("authn:\n" + jwt("") + "  - api_key: {file: a, tenants: [b]}\n"), 5, 5, "jwt.tenants is missing"},
      {with("authn:\n" + jwt(tenants) + "  - api_key: {file: a}\n"), 6, 5, "api_key.tenants is missing"},
      {with("authn:\n" + jwt(tenants) + jwt(tenants)), 6, 19, "jwt.issuer stands in authn already"},
      {with("authn:\n" + jwt(", tenants: []")), 5, 5, "jwt.tenants is empty"},
      {with("authn:\n" + jwt(", tenants: [a, \"*\"]")), 5, 95, "must hold \"*\" alone"},
      {with("authn:\n" + jwt(", tenants: [a, a]")), 5, 95, "names \"a\" twice"},
      {with("authn:\n" + jwt(", leeway: 61s")), 5, 90, "leeway must be from 0ms to 1m"},
      {with("authn:\n" + jwt(", algorithms: [HS256]")), 5, 95, "must be RS256, PS256, ES256, ES384 or EdDSA"},
      {with("authn:\n" + jwt(", algorithms: [none]")), 5, 95, "must be RS256, PS256, ES256, ES384 or EdDSA"},
      {with("authn:\n" + jwt(", algorithms: []")), 5, 94, "must name at least one of RS256"},
      {with("authn:\n" + jwt(", typ: jwt")), 5, 87, "typ must be any or at+jwt"},
      {with("authn:\n" + jwt(", claims: {tenant: \"/a~2\"}")), 5, 99, "must write ~ as ~0"},
      {with("authn:\n" + jwt(", claims: {tenant: \"/1/2/3/4/5/6/7/8/9\"}")), 5, 99, "at most 8 steps"},
      {with("authn:\n" + jwt("", "http://as.example.com")), 5, 19, "must begin with https://"},
      {with("authn:\n" + jwt("", "https://as.example.com?x")), 5, 19, "must not have a query"},
      {with("authn:\n  - jwt: {issuer: \"https://h\", jwks: \"http://h/k\"}\n"), 5, 38, "http:// is for loopback only"},
      {with("authn:\n  - jwt: {issuer: \"https://h\", jwks: \"file://keys\"}\n"), 5, 38, "file://./relative/path"},
      {with("authn:\n  - mtls: {client_ca: a, tenants: [b, c]}\n"), 5, 5, "mtls.names is missing"},
      {with("authn:\n  - mtls: {client_ca: a, tenants: [\"*\"]}\n"), 5, 5, "mtls.names is missing"},
      {with("authn:\n  - mtls: {client_ca: a, tenants: [b], names: {\"*\": {tenant: c}}}\n"), 5, 62, "not one of mtls.tenants"},
      {with("authn:\n  - api_key: {file: a, tenants: [b]}\n  - api_key: {file: a, tenants: [b]}\n"), 6, 21,
       "stands in authn already"},
      {"authn: anonymous\npolicy: p\nledger: {dir: l, key_ref: \"file:///k\"}\nservers: {s: {url: \"http://h/\", scopes: "
       "[a]}}\n",
       4, 42, "`authn: anonymous` has none"},
      {"authn: anonymous\n" + kRest + "listen: {public_url: \"http://gw.example.com\"}\n", 5, 22, "must begin with https://"},
      {"authn: anonymous\n" + kRest + "listen: {public_url: \"https://gw.example.com/\"}\n", 5, 22, "no path, no /"},
      {"authn: anonymous\n" + kRest + "admin: {authn: [{api_key: {file: a}, jwt: {issuer: \"https://h\"}}]}\n", 5, 38,
       "unknown key \"jwt\""},
  });
}

TEST_CASE("replicas, of which each remembers its own proofs, start only where no proof is taken") {
  const std::string two = "replicas: 2\n";
  CHECK(good(with("authn:\n" + jwt(""))).replicas == 1);
  CHECK(good(with("authn:\n" + jwt("")) + "replicas: 1\n").authn.jwt[0].dpop);
  const Settings settings = good(with("authn:\n" + jwt(", dpop: false")) + two);
  CHECK(settings.replicas == 2);
  CHECK_FALSE(settings.authn.jwt[0].dpop);
  CHECK(good("authn:\n  - api_key: {file: a}\n" + kRest + two).replicas == 2);
  refused({
      {with("authn:\n" + jwt("")) + two, 5, 5, "jwt.dpop must be false with 2 replicas"},
      {with("authn:\n" + jwt(", dpop_required: true")) + two, 5, 5, "jwt.dpop must be false with 2 replicas"},
      {with("authn:\n" + jwt(", dpop: false, dpop_required: true")), 5, 5, "no token at all would be good"},
      {with("authn:\n" + jwt("")) + "replicas: 0\n", 7, 11, "replicas must be from 1 to 1000"},
  });
}

TEST_CASE("what a key set or public base on this machine is may be http") {
  const Settings settings =
      good("listen: {public_url: \"http://localhost:8088\"}\nauthn:\n" +
           std::string("  - jwt: {issuer: \"http://127.0.0.1:9000\", jwks: \"http://[::1]:9000/jwks\"}\n") + kRest);
  CHECK(settings.listen.public_url.value == "http://localhost:8088");
}

TEST_CASE("a wrong reference to a key set is not shown: it may be a secret") {
  const auto loaded =
      parse_settings(with("authn:\n  - jwt: {issuer: \"https://h\", jwks: \"canary-1234\"}\n"), "d.yaml", "/base");
  CHECK_FALSE(loaded.value);
  CHECK(render(loaded).find("canary") == std::string::npos);
}
