#include "config/describe_authn.hpp"

#include "config/forms.hpp"

namespace durward::config {
namespace {

constexpr std::array kAnonymous{Word{"anonymous", 0}};
constexpr std::array kTypes{Word{"any", 0}, Word{"at+jwt", 1}};
constexpr std::array kAlgorithms{
    Word{"RS256", static_cast<int>(SignatureAlgorithm::rs256)}, Word{"PS256", static_cast<int>(SignatureAlgorithm::ps256)},
    Word{"ES256", static_cast<int>(SignatureAlgorithm::es256)}, Word{"ES384", static_cast<int>(SignatureAlgorithm::es384)},
    Word{"EdDSA", static_cast<int>(SignatureAlgorithm::eddsa)}};

constexpr std::string_view kTenants =
    "the tenants that it may assert, or `[\"*\"]`; required as soon as `authn` has a second item";

void describe_tenants(Fields& f, Tenants& out) {
  std::vector<Located<std::string>> tenants;
  if (f.texts({"tenants", kTenants}, kText, tenants)) out = std::move(tenants);
}

void describe_claims(Fields& f, ClaimNames& claims) {
  f.text({"tenant", "whose absence refuses a token"}, kClaim, claims.tenant);
  f.text({"email", "read only with `email_trusted`"}, kClaim, claims.email);
  f.text({"roles", "a list, or one text"}, kClaim, claims.roles);
  f.text({"groups", "a list, or one text"}, kClaim, claims.groups);
  f.text({"subject", "whose absence refuses a token"}, kClaim, claims.subject);
  Located<std::string> client;
  if (f.text({"client_id", "without it `azp`, else `client_id`"}, kClaim, client)) claims.client_id = std::move(client);
}

void describe_jwt(Fields& f, JwtAuthn& jwt) {
  f.text({"issuer", "what `iss` must be, byte for byte; also named as authorization server to clients", true,
          "write the issuer as its tokens name it, such as https://login.example.com/"},
         kIssuer, jwt.issuer);
  f.text({"jwks", "its key set: `https://…`, `http://…` on loopback, or `file://…`, which is read at start and reload", true,
          "name its key set (the jwks_uri of its metadata), or a file, as file://./keys.json"},
         kKeySet, jwt.jwks);
  describe_tenants(f, jwt.tenants);
  f.section({"claims", ""}, [&](Fields& in) { describe_claims(in, jwt.claims); });
  f.flag({"email_trusted", "whether its `email` counts, where `email_verified` is true"}, jwt.email_trusted);
  std::vector<int> algorithms;
  if (f.words({"algorithms", "of signatures; without it all of these"}, kAlgorithms, algorithms)) {
    jwt.algorithms = 0;
    for (const int one : algorithms) jwt.algorithms = static_cast<std::uint8_t>(jwt.algorithms | one);
  }
  Located<int> type{jwt.at_jwt ? 1 : 0, {}};
  if (f.word({"typ", "of its access tokens; `at+jwt`: it follows RFC 9068"}, kTypes, type)) jwt.at_jwt = type.value == 1;
  f.flag({"dpop", "whether a token that is bound to a key (DPoP) is good, with a proof by that key; `false`: it is refused"},
         jwt.dpop);
  f.flag({"dpop_required", "whether a token that is not bound to a key (DPoP) is refused"}, jwt.dpop_required);
  f.time({"leeway", "by which its clock and ours may differ"}, seconds(0), seconds(60), jwt.leeway);
}

void describe_mtls(Fields& f, MtlsAuthn& mtls) {
  f.text({"client_ca", "PEM file of the CA certificates, and of those between them and callers", true,
          "name the PEM file of the CA that issues client certificates"},
         kPath, mtls.client_ca);
  describe_tenants(f, mtls.tenants);
  f.table({"names", "whose tenant is which, by glob over SPIFFE ID or DNS name; the first that matches wins"}, kPattern,
          [&](Fields& inside, const Located<std::string>& glob) {
            Located<std::string> tenant;
            if (inside.text({"tenant", "of callers of that name", true, "name their tenant"}, kText, tenant))
              mtls.names.emplace_back(glob, std::move(tenant));
          });
  f.texts({"scopes", "of every caller with such a certificate"}, kScope, mtls.scopes);
}

// One method an item: where several stand in one map, nobody could tell what their order means.
void describe_item(Fields& f, const Position& where, bool agents, Authn& authn) {
  JwtAuthn jwt;
  jwt.where = where;
  if (agents && f.part({"jwt", ""}, [&](Fields& in) { describe_jwt(in, jwt); })) authn.jwt.push_back(std::move(jwt));
  ApiKeyAuthn keys;
  keys.where = where;
  const auto inside = [&](Fields& in) {
    in.text({"file", "as `durward keys api-key` writes it; read at start and reload", true, "name the file of API keys"}, kPath,
            keys.file);
    describe_tenants(in, keys.tenants);
  };
  if (f.part({"api_key", ""}, inside)) authn.api_key.push_back(std::move(keys));
  MtlsAuthn mtls;
  mtls.where = where;
  if (agents && f.part({"mtls", ""}, [&](Fields& in) { describe_mtls(in, mtls); })) authn.mtls.push_back(std::move(mtls));
}

void describe_methods(Fields& f, const Key& key, bool agents, Authn& authn) {
  f.list(key, [&](Fields& in, const Position& where) {
    const std::size_t before = authn.methods();
    describe_item(in, where, agents, authn);
    if (authn.methods() != before + 1)
      in.refuse(where, agents ? "must hold exactly one of jwt, api_key and mtls" : "must hold exactly api_key");
  });
}

}  // namespace

void describe_authn(Fields& f, Authn& authn) {
  const Fields::Shape shape = f.shape("authn");
  authn.given = shape != Fields::Shape::absent;
  if (shape != Fields::Shape::list) {
    Located<int> word{-1, {}};
    const Key key{"authn", "`anonymous`: every program that reaches the listener, which must be loopback", true,
                  "write `authn: anonymous` to serve every program on this machine without authentication, or list methods"};
    authn.anonymous = f.word(key, kAnonymous, word);
  }
  if (shape == Fields::Shape::list || shape == Fields::Shape::absent) {
    const Key key{"authn", "how agents authenticate; each item holds one of `jwt`, `api_key` and `mtls`",
                  shape == Fields::Shape::list, "write a method, or `authn: anonymous`"};
    describe_methods(f, key, true, authn);
  }
}

void describe_admin_authn(Fields& f, Authn& authn) {
  authn.given = f.shape("authn") != Fields::Shape::absent;
  describe_methods(f, {"authn", "how operators authenticate for `/metrics`; each item holds `api_key`"}, false, authn);
}

}  // namespace durward::config
