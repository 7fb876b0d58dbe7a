#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

#include "config/load.hpp"

using namespace durward::config;

namespace {

const std::string kBase = "policy: p\nledger: {dir: l, key_ref: \"file:///k\"}\n";
const std::string kServers = "servers: {s: {url: \"http://h/\"}}\n";
const std::string kJwt = "authn:\n  - jwt: {issuer: \"https://as.example.com\", jwks: \"https://as.example.com/k\"}\n";
const std::string kMtls = "authn:\n  - mtls: {client_ca: ca.pem}\n";
const std::string kTls = "tls: {cert: c.pem, key: \"file://./k.pem\"}";
const std::string kUrl = "public_url: \"https://gw.example.com\"";

Loaded<Settings> read(const std::string& text) { return parse_settings(text, "d.yaml", "/base"); }
std::string whole(const std::string& authn, const std::string& more) { return kBase + kServers + authn + more; }

struct Case {
  std::string text;
  std::string phrase;  // empty: it is good
};

void check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    const auto loaded = read(one.text);
    INFO(one.text << "\n" << render(loaded) << "expected: " << one.phrase);
    CHECK(bool(loaded.value) == one.phrase.empty());
    REQUIRE(loaded.diagnostics.size() == (one.phrase.empty() ? 0 : 1));
    if (!one.phrase.empty()) CHECK(loaded.diagnostics[0].message.find(one.phrase) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("beyond loopback the data listener has TLS, or says in so many words that it has none") {
  const auto listen = [](const std::string& more) { return whole(kJwt, "listen: {" + kUrl + ", " + more + "}\n"); };
  check({
      {listen("address: 0.0.0.0"), "listen.tls is missing: \"0.0.0.0\" is beyond loopback"},
      {listen("address: 192.0.2.1"), "listen.tls is missing"},
      {listen("address: \"::\""), "listen.tls is missing"},
      {listen("address: \"::ffff:127.0.0.1\""), "listen.tls is missing"},
      {listen("address: 0.0.0.0, insecure_plaintext: false"), "listen.tls is missing"},
      {listen("address: 0.0.0.0, insecure_plaintext: true"), ""},
      {listen("address: 0.0.0.0, " + kTls), ""},
      {listen("address: 127.0.0.1"), ""},
      {listen(kTls + ", insecure_plaintext: true"), "listen.insecure_plaintext has no use beside listen.tls"},
      {listen("tls: {cert: c.pem}"), "listen.tls.key is missing"},
      {listen("tls: {key: \"file:///k\"}"), "listen.tls.cert is missing"},
      {listen("tls: {cert: c.pem, key: k.pem}"), "listen.tls.key must be"},
      {whole("authn: anonymous\n", "listen: {address: 0.0.0.0, " + kTls + "}\n"), "listen.address must be loopback"},
      {whole("authn: anonymous\n", "listen: {address: 0.0.0.0, insecure_plaintext: true}\n"),
       "listen.address must be loopback"},
      {whole("authn: anonymous\n", "listen: {public_url: \"http://localhost:1\", " + kTls + "}\n"), "must begin with https://"},
  });
}

TEST_CASE("client certificates need TLS on the listener") {
  check({
      {whole(kMtls, ""), "listen.tls is missing: without it nobody can show a client certificate"},
      {whole(kMtls, "listen: {address: 0.0.0.0, insecure_plaintext: true}\n"), "nobody can show a client certificate"},
      {whole(kMtls, "listen: {" + kTls + "}\n"), ""},
  });
}

TEST_CASE("beyond loopback the admin listener has TLS and knows whom it serves") {
  const std::string authn = "authn: [{api_key: {file: keys.json}}]";
  const auto admin = [](const std::string& more) { return whole("authn: anonymous\n", "admin: {" + more + "}\n"); };
  check({
      {admin("address: 0.0.0.0"), "admin.address must be loopback"},
      {admin("address: 0.0.0.0, " + kTls), "admin.address must be loopback"},
      {admin("address: 0.0.0.0, " + authn), "admin.address must be loopback"},
      {admin("address: 0.0.0.0, " + authn + ", " + kTls), ""},
      {admin("address: 0.0.0.0, metrics_open: true, " + authn + ", " + kTls),
       "admin.metrics_open must be false beyond loopback"},
      {admin("metrics_open: true, " + kTls), ""},
      {admin("insecure_plaintext: true"), "unknown key"},
  });
}

TEST_CASE("a certificate for a server comes with its key, and for a server with TLS") {
  const auto server = [](const std::string& url, const std::string& tls) {
    return kBase + "authn: anonymous\nservers: {s: {url: \"" + url + "\", tls: {" + tls + "}}}\n";
  };
  check({
      {server("https://h/", "cert: c.pem"), "servers.s.tls.cert and .key belong together"},
      {server("https://h/", "key: \"file:///k\""), "servers.s.tls.cert and .key belong together"},
      {server("https://h/", "cert: c.pem, key: \"env://KEY\""), ""},
      {server("http://h/", "cert: c.pem, key: \"file:///k\""), "servers.s.tls.cert has no use"},
  });
}

TEST_CASE("the example of deploy/examples is whole") {
  std::stringstream text;
  text << std::ifstream(DURWARD_SOURCE_DIR "/deploy/examples/tls.yaml").rdbuf();
  const auto loaded = read(text.str());
  INFO(render(loaded));
  REQUIRE(loaded.value);
  CHECK(loaded.diagnostics.empty());
  CHECK(loaded.value->listen.tls.given());
  CHECK(loaded.value->admin.tls.given());
}

TEST_CASE("certificates and keys are found from the file that names them") {
  const auto loaded = read(kBase + "authn: anonymous\nlisten: {" + kTls + "}\nadmin: {" + kTls +
                           "}\nservers: {s: {url: \"https://h/\", " + kTls + "}}\n");
  REQUIRE(loaded.value);
  for (const auto* cert :
       {&loaded.value->listen.tls.cert, &loaded.value->admin.tls.cert, &loaded.value->servers.at("s").tls.cert})
    CHECK(cert->value == "/base/c.pem");
  for (const auto* key : {&loaded.value->listen.tls.key, &loaded.value->admin.tls.key, &loaded.value->servers.at("s").tls.key})
    CHECK(key->value == "file:///base/k.pem");
}
