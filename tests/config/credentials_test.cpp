#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "config/load.hpp"
#include "config/named_secrets.hpp"

using namespace durward::config;

namespace {

// Everything else of a good configuration, with one server and what it says of its credential.
std::string said(const std::string& credential, const std::string& more = {},
                 const std::string& url = "https://mcp.example.com/") {
  const std::string text =
      "authn: [{jwt: {issuer: \"https://as.example.com\", jwks: \"https://as.example.com/jwks\"}}]\n"
      "listen: {public_url: \"https://gw.example.com\", hosts: [gw.example.com]}\n"
      "servers: {s: {url: \"" +
      url + "\", " + credential + "}}\n" + more + "policy: p.yaml\nledger: {dir: l, key_ref: \"file://./k\"}\n";
  return render(parse_settings(text, "durward.yaml", "/etc/durward"));
}

const std::string kTokens = "{token_url: \"https://as.example.com/token\", client_id: gw, client_secret_ref: \"env://X\"}";

}  // namespace

TEST_CASE("a credential that is written well is taken without a word") {
  CHECK(said("credential: none") == "");
  CHECK(said("credential: {header: {value_ref: \"env://X\"}}") == "");
  CHECK(said("credential: {client_credentials: " + kTokens + "}") == "");
  CHECK(said("credential: {token_exchange: " + kTokens + "}") == "");
  CHECK(said("credential: mtls, tls: {cert: c.pem, key: \"file://./c.key\"}") == "");
  CHECK(said("version: \"1\"", "secrets: {x: {ref: \"env://X\", tools: [\"mcp://s/t\"], arguments: [/a/*/b]}}\n") == "");
}

TEST_CASE("a credential that is written badly is refused with its place") {
  const std::pair<std::string, std::string> cases[] = {
      {"credential: some", "credential must be"},
      {"credential: {header: {}}", "servers.s.credential.header.value_ref is missing"},
      {"credential: {header: {value_ref: hunter2hunter2}}", "servers.s.credential.header.value_ref must be file://"},
      {"credential: {header: {value_ref: \"env://X\", name: \"mcp-session-id\"}}", "must not be a header of HTTP's"},
      {"credential: {header: {value_ref: \"env://X\", name: Host}}", "must not be a header of HTTP's"},
      {"credential: {header: {value_ref: \"env://X\", name: \"a b\"}}", "must be the name of a header"},
      {"credential: {header: {value_ref: \"env://X\", prefix: \"a b\"}}", "must be 1 to 64 visible ASCII"},
      {"credential: {header: {value_ref: \"env://X\"}, client_credentials: " + kTokens + "}", "must hold one of header"},
      {"credential: {client_credentials: {client_id: gw, client_secret_ref: \"env://X\"}}", "token_url is missing"},
      {"credential: {client_credentials: {token_url: \"http://as.example.com/token\", client_id: gw, client_secret_ref: "
       "\"env://X\"}}",
       "must begin with https://"},
      {"credential: {token_exchange: {token_url: \"https://as.example.com/token\", client_secret_ref: \"env://X\"}}",
       "client_id is missing"},
      {"credential: mtls", "mtls needs a certificate"},
      {"credential: {heder: {value_ref: \"env://X\"}}", "did you mean"},
  };
  for (const auto& [credential, words] : cases) {
    const std::string out = said(credential);
    INFO(credential << "\n" << out);
    CHECK(out.find("error:") != std::string::npos);
    CHECK(out.find(words) != std::string::npos);
    CHECK(out.find("hunter2") == std::string::npos);
  }
  CHECK(said("credential: {header: {value_ref: \"env://X\"}}", "", "http://mcp.example.com/").find("in clear") !=
        std::string::npos);
}

TEST_CASE("a brokered secret that is written badly is refused with its place") {
  for (const auto& [text, words] : std::vector<std::pair<std::string, std::string>>{
           {"{x: {tools: [\"mcp://s/t\"], arguments: [/a]}}", "secrets.x.ref is missing"},
           {"{x: {ref: \"env://X\", arguments: [/a]}}", "secrets.x.tools is missing"},
           {"{x: {ref: \"env://X\", tools: [\"mcp://s/t\"]}}", "secrets.x.arguments is missing"},
           {"{x: {ref: \"env://X\", tools: [\"mcp://s/t\"], arguments: [a]}}", "must be a JSON Pointer"},
           {"{X: {ref: \"env://X\", tools: [\"mcp://s/t\"], arguments: [/a]}}", "must match [a-z0-9]"},
       }) {
    const std::string out = said("version: \"1\"", "secrets: " + text + "\n");
    INFO(text << "\n" << out);
    CHECK(out.find(words) != std::string::npos);
  }
}

TEST_CASE("the example of credentials is read without a mistake, and every secret of it is named") {
  std::stringstream text;
  text << std::ifstream(DURWARD_SOURCE_DIR "/deploy/examples/credentials.yaml").rdbuf();
  auto loaded = parse_settings(text.str(), "credentials.yaml", "/etc/durward");
  INFO(render(loaded));
  REQUIRE(loaded.value);
  std::set<std::string> names;
  each_named_secret(*loaded.value, [&names](const std::string& setting, Located<std::string>& ref) {
    if (!ref.value.empty()) names.insert(setting);
  });
  CHECK(names == std::set<std::string>{
                     "ledger.key_ref", "ledger.keyring", "secrets.partner-key.ref",
                     "servers.crm.credential.token_exchange.client_secret_ref", "servers.search.credential.header.value_ref",
                     "servers.tickets.credential.client_credentials.client_secret_ref", "servers.vault.tls.key"});
}
