#include <catch2/catch.hpp>

#include "config/load.hpp"

using namespace durward::config;

namespace {

// A file of which one part is broken. `with` is put in the place of the part's own line in kWhole, or appended.
const std::string kWhole = R"(authn: anonymous
servers: {s: {url: "http://127.0.0.1:3001/mcp"}}
policy: policy.yaml
ledger: {dir: l, key_ref: "file:///k"}
)";

struct Case {
  std::string text;
  int line, column;
  std::string phrase;
};

// Line 5 and further.
std::string plus(const std::string& more) { return kWhole + more; }

std::string server(const std::string& more) {
  return "authn: anonymous\npolicy: p\nledger: {dir: l, key_ref: \"file:///k\"}\nservers:\n" + more;
}

std::string url(const std::string& text) { return server("  s: {url: \"" + text + "\"}\n"); }

std::string ledger(const std::string& more) {
  return "authn: anonymous\npolicy: p\nservers: {s: {url: \"http://h/\"}}\nledger:\n" + more;
}

const std::vector<Case> kYaml{
    {"", 0, 0, "the file is empty"},
    {"# only a comment\n", 0, 0, "the file is empty"},
    {"just words\n", 1, 1, "must be a map of settings"},
    {"- a\n- b\n", 1, 1, "must be a map of settings"},
    {plus("listen:\n\taddress: 127.0.0.1\n"), 6, 1, "a tab in the indentation"},
    {plus("listen: {port: 1\n"), 6, 1, "a map that { opens is not closed"},
    {plus("listen: {hosts: [a, b}\n"), 5, 22, "YAML syntax"},
    {plus("a: b: c\n"), 5, 5, "a ':' where no key can stand"},
    {plus("listen:\n  port: 1\n threads: 2\n"), 7, 2, "YAML syntax"},
    {plus("- x\n"), 5, 1, "does not continue the map"},
    {plus("policy2: \"open\n"), 5, 10, "closing quote is missing"},
    {plus("policy2: 'open\n"), 5, 10, "closing quote is missing"},
    {plus("policy2: a\n  b\n"), 5, 10, "must stand on one line"},
    {plus("policy2: |\n  b\n"), 5, 10, "must stand on one line"},
    {plus("policy2: >\n"), 5, 10, "must stand on one line"},
    {plus("listen: &x {port: 1}\n"), 5, 9, "anchors (&name) are not supported"},
    {plus("listen: *x\n"), 5, 9, "a value that begins with * must stand in quotes"},
    {"a: &x 1\nb: *x\n", 2, 4, "aliases (*name) are not supported"},
    {plus("listen: {<<: {port: 1}}\n"), 5, 10, "merge keys (<<) are not supported"},
    {plus("listen: {port: !!int 1}\n"), 5, 16, "tags (!name) are not supported"},
    {plus("listen: {port: ! 1}\n"), 5, 16, "tags (!name) are not supported"},
    {plus("listen: !map {port: 1}\n"), 5, 9, "tags (!name) are not supported"},
    {plus("---\nlisten: {port: 1}\n"), 5, 1, "a file holds exactly one"},
    {plus("...\nlisten: {port: 1}\n"), 6, 1, "a file holds exactly one"},
    {plus("policy: other.yaml\n"), 5, 1, "duplicate key \"policy\": first on line 3"},
    {plus("\"policy\": other.yaml\n"), 5, 1, "duplicate key \"policy\": first on line 3"},
    {plus("listen: {port: 1, threads: 1, port: 2}\n"), 5, 31, "duplicate key \"port\": first on line 5"},
    {plus("? [a]\n: b\n"), 5, 3, "a key must be a word"},
    {plus("~: b\n"), 5, 1, "a key must be a word"},
    {plus("listen: {address: \"127.0.0.1\\u0000\"}\n"), 5, 19, "escaped control character"},
    {plus("listen: {address: \"127.0.0.1\\u200b\"}\n"), 5, 19, "no editor shows"},
    {plus("listen: # \xE2\x80\xAE\n"), 5, 11, "no editor shows"},
    {plus(std::string("listen: {port: 1}\n\x04listen: {address: 10.0.0.1}\n")), 6, 1, "a control character"},
    {plus(std::string("a\0b: c\n", 7)), 5, 2, "a control character"},
    {plus("a: b\rc: d\n"), 5, 5, "a carriage return without a line feed"},
    {plus("a: \xFF\n"), 5, 4, "not UTF-8"},
    {plus("a: \xC0\xAF\n"), 5, 4, "not UTF-8"},
    {plus("a: \xED\xA0\x80\n"), 5, 4, "not UTF-8"},
    {std::string("a\0:\0 \0b\0\n\0", 10), 1, 2, "a control character"},
    {plus("a: " + std::string(40, '[') + std::string(40, ']') + "\n"), 5, 35, "nested deeper than 32 levels"},
    {std::string((1 << 20) + 1, '#'), 0, 0, "larger than 1048576 bytes"},
};

const std::vector<Case> kKeys{
    {"servers: {s: {url: \"http://h/\"}}\npolicy: p\nledger: {dir: l, key_ref: \"file:///k\"}\n", 1, 1,
     "authn is missing: write `authn: anonymous`"},
    {"authn: anonymous\npolicy: p\nledger: {dir: l, key_ref: \"file:///k\"}\n", 1, 1, "servers is missing: name an MCP server"},
    {server("  {}\n"), 5, 3, "servers must have at least one entry"},
    {"authn: anonymous\nservers: {s: {url: \"http://h/\"}}\nledger: {dir: l, key_ref: \"file:///k\"}\n", 1, 1,
     "policy is missing"},
    {ledger("  key_ref: file:///k\n"), 4, 1, "ledger.dir is missing"},
    {ledger("  dir: l\n  key_reff: file:///k\n"), 6, 3, "did you mean key_ref?"},
    {ledger("  dir: l\n  key_ref: env://KEY\n"), 6, 12, "ledger.keyring is missing"},
    {server("  s: {version: a}\n"), 5, 3, "servers.s.url is missing"},
    {server("  s: {url: \"http://h/\", tools: {x: {}}}\n"), 5, 33, "servers.s.tools.x.kind is missing"},
    {plus("lisen: {port: 1}\n"), 5, 1, "unknown key \"lisen\": did you mean listen?"},
    {plus("listen: {adress: 127.0.0.1}\n"), 5, 10, "unknown key \"adress\" in listen: did you mean address?"},
    {plus("limits: {body_byte: 1MiB}\n"), 5, 10, "did you mean body_bytes?"},
    {plus("limits: {Body_Bytes: 1MiB}\n"), 5, 10, "unknown key \"Body_Bytes\" in limits"},
    {server("  s: {url: \"http://h/\", trusted: true}\n"), 5, 25, "unknown key \"trusted\" in servers.s"},
    {plus("accept_inactiv: []\n"), 5, 1, "did you mean accept_inactive?"},
    {plus("listen:\n"), 5, 1, "listen has no value"},
    {plus("limits: {call: null}\n"), 5, 10, "limits.call has no value"},
    {plus("limits: {call: ~, idle: 1s}\n"), 5, 10, "limits.call has no value"},
    {plus("listen: {hosts: [a.example, ~]}\n"), 5, 29, "an item of listen.hosts must be text, found nothing"},
    {server("  s:\n"), 5, 3, "servers.s has no value"},
    {plus("listen: 8088\n"), 5, 9, "listen must be a map"},
    {plus("listen: [port]\n"), 5, 9, "listen must be a map, found a list"},
    {plus("listen: {port: [1]}\n"), 5, 16, "listen.port must be a single value, found a list"},
    {plus("listen: {hosts: a.example}\n"), 5, 17, "listen.hosts must be a list"},
    {server("  s: http://h/\n"), 5, 6, "servers.s must be a map"},
    {server("  - s\n"), 5, 3, "servers must be a map, found a list"},
    {server("  S: {url: \"http://h/\"}\n"), 5, 3, "must match [a-z0-9][a-z0-9_-]{0,62}"},
    {server("  " + std::string(64, 'a') + ": {url: \"http://h/\"}\n"), 5, 3, "must match [a-z0-9][a-z0-9_-]{0,62}"},
    {server("  \"a/b\": {url: \"http://h/\"}\n"), 5, 3, "must match"},
};

const std::vector<Case> kValues{
    {plus("listen: {port: \"8088\"}\n"), 5, 16, "must be a number without quotes"},
    {plus("listen: {port: 65536}\n"), 5, 16, "listen.port must be from 0 to 65535, found \"65536\""},
    {plus("listen: {port: -1}\n"), 5, 16, "must be a whole number"},
    {plus("listen: {port: 0x1F98}\n"), 5, 16, "must be a whole number"},
    {plus("listen: {threads: 65}\n"), 5, 19, "listen.threads must be from 0 to 64"},
    {plus("limits: {call: 120}\n"), 5, 16, "must be a duration with its unit, such as 250ms, 10s, 5m, 24h or 30d"},
    {plus("limits: {call: 0s}\n"), 5, 16, "limits.call must be from 1s to 1d"},
    {plus("limits: {call: 1500ms}\n"), 5, 16, "must be whole seconds"},
    {plus("limits: {call: 2d}\n"), 5, 16, "limits.call must be from 1s to 1d"},
    {plus("limits: {connect: 0ms}\n"), 5, 19, "limits.connect must be from 1ms to 5m"},
    {plus("limits: {body_bytes: 0}\n"), 5, 22, "limits.body_bytes must be from 1B to 1GiB"},
    {plus("limits: {body_bytes: 4MB}\n"), 5, 22, "MB is ambiguous, write MiB"},
    {plus("limits: {body_bytes: 99999999999999999999}\n"), 5, 22, "is too large"},
    {plus("limits: {connections: 0}\n"), 5, 23, "limits.connections must be from 1 to 1000000"},
    {plus("limits: {json_depth: 2000}\n"), 5, 22, "limits.json_depth must be from 1 to 1024"},
    {plus("session: {max_age: 400d}\n"), 5, 20, "session.max_age must be from 1m to 365d"},
    {ledger("  dir: l\n  key_ref: file:///k\n  reads: syncd\n"), 7, 10,
     "must be synced, written or buffered (did you mean synced?)"},
    {ledger("  dir: l\n  key_ref: file:///k\n  deadline: 61s\n"), 7, 13, "ledger.deadline must be from 10ms to 1m"},
    {ledger("  dir: l\n  key_ref: file:///k\n  origin: Example.com\n"), 7, 11, "must match [a-z0-9][a-z0-9./-]{2,126}"},
    {ledger("  dir: l\n  key_ref: file:///k\n  origin: ab\n"), 7, 11, "must match [a-z0-9][a-z0-9./-]{2,126}"},
    {ledger("  dir: l\n  key_ref: file:///k\n  origin: durward-x\n"), 7, 11, "must not begin with durward-"},
    {ledger("  dir: l\n  key_ref: file:///k\n  origin: cosignature/v1\n"), 7, 11,
     "must not begin with durward- or cosignature"},
    {ledger("  dir: l\n  key_ref: keys/ed25519.key\n"), 6, 12, "never the secret itself"},
    {ledger("  dir: l\n  key_ref: file://keys/ed25519.key\n"), 6, 12, "file://./relative/path"},
    {ledger("  dir: l\n  key_ref: file://./keys/\n"), 6, 12, "file://./relative/path"},
    {ledger("  dir: l\n  key_ref: file://${HOME}/key\n"), 6, 12, "file://${CREDENTIALS_DIRECTORY}/name"},
    {ledger("  dir: l\n  key_ref: env://1KEY\n"), 6, 12, "env://NAME"},
    {ledger("  dir: l\n  key_ref: file:///k\n  keyring: env://RING\n"), 7, 12, "ledger.keyring must be file:///absolute/path"},
    {ledger("  dir: ~/ledger\n  key_ref: file:///k\n"), 5, 8, "must not begin with ~"},
    {ledger("  dir: file:///ledger\n  key_ref: file:///k\n"), 5, 8, "must be a plain path"},
    {"authn: none\nservers: {s: {url: \"http://h/\"}}\npolicy: p\nledger: {dir: l, key_ref: \"file:///k\"}\n", 1, 8,
     "authn must be anonymous, found \"none\""},
    {"authn: anonymous\nservers: {s: {url: \"http://h/\"}}\npolicy: 1.0\nledger: {dir: l, key_ref: \"file:///k\"}\n", 3, 9,
     "without quotes this is a number: put it in quotes"},
    {server("  s: {url: \"http://h/\", version: 1.10}\n"), 5, 34, "without quotes this is a number"},
    {server("  s: {url: \"http://h/\", version: true}\n"), 5, 34, "without quotes this is a boolean"},
    {server("  s: {url: \"http://h/\", version: \"\"}\n"), 5, 34, "must have 1 to 256 bytes"},
    {server("  s: {url: \"http://h/\", tools: {\"a b\": {kind: read}}}\n"), 5, 33, "must be a tool name, perhaps with *"},
    {server("  s: {url: \"http://h/\", tools: {a: {kind: write}}}\n"), 5, 43, "must be read, mutate, exec or egress"},
    {server("  s: {url: \"http://h/\", tools: {a: {kind: []}}}\n"), 5, 43, "must name at least one of read, mutate"},
    {server("  s: {url: \"http://h/\", tools: {a: {kind: [read, read]}}}\n"), 5, 50, "names one word twice"},
    {server("  s: {url: \"http://h/\", tools: {\"*\": {kind: read}, \"rm\": {kind: exec}}}\n"), 5, 52,
     "\"rm\" never matches, because *"},
    {url("wss://h/"), 5, 12, "must be a URL such as http://127.0.0.1:3001/mcp or https://"},
    {url("h:3001"), 5, 12, "must be a URL such as"},
    {url("http://user:pw@h/"), 5, 12, "must not have a user or password"},
    {url("http://h/mcp?key=1"), 5, 12, "must not have a query"},
    {url("http://h/mcp#x"), 5, 12, "must not have a fragment"},
    {url("http://h:99999/"), 5, 12, "a port from 1 to 65535"},
    {url("http://h/../mcp"), 5, 12, "must not have . or .."},
    {plus("listen: {address: localhost}\n"), 5, 19, "must be an IP address such as 127.0.0.1"},
    {plus("listen: {address: 0.0.0.0}\n"), 5, 19,
     "listen.address must be loopback (127.0.0.0/8 or ::1): `authn: anonymous` would serve the network"},
    {plus("listen: {address: \"::\"}\n"), 5, 19, "would serve the network"},
    {plus("admin: {address: 10.0.0.1}\n"), 5, 18, "admin.address must be loopback"},
    {plus("admin: {port: 8088}\n"), 5, 15, "admin.port must not be listen.port"},
    {plus("listen: {port: 9464}\n"), 5, 16, "admin.port must not be listen.port"},
    {plus("listen: {hosts: [\"*.example.com\"]}\n"), 5, 18, "must be a host as in a Host header"},
    {plus("listen: {hosts: [\"https://a.example\"]}\n"), 5, 18, "must be a host as in a Host header"},
    {plus("listen: {cors_origins: [\"*\"]}\n"), 5, 25, "no path, no *"},
    {plus("listen: {cors_origins: [\"https://*.example.com\"]}\n"), 5, 25, "no path, no *"},
    {plus("listen: {cors_origins: [\"https://a.example/\"]}\n"), 5, 25, "no path, no *"},
    {plus("listen: {cors_origins: [\"null\"]}\n"), 5, 25, "must be an origin"},
    {plus("listen: {cors_origins: [\"https://a.example:443\"]}\n"), 5, 25, "must leave out the scheme's own port"},
};

void check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    const auto loaded = parse_settings(one.text, "d.yaml", "/base");
    INFO(one.text.substr(0, 400) << "\n" << render(loaded));
    CHECK_FALSE(loaded.value);
    REQUIRE_FALSE(loaded.diagnostics.empty());
    bool found = false;
    for (const Diagnostic& diagnostic : loaded.diagnostics) {
      const bool here = diagnostic.where.line == one.line && diagnostic.where.column == one.column;
      found = found || (here && diagnostic.message.find(one.phrase) != std::string::npos);
      CHECK(diagnostic.where.file == "d.yaml");
      CHECK(diagnostic.severity == Severity::error);
    }
    INFO("expected at " << one.line << ":" << one.column << ": " << one.phrase);
    CHECK(found);
  }
}

}  // namespace

TEST_CASE("the files that the broken ones are made of are whole") {
  for (const std::string& text :
       {kWhole, plus("listen: {port: 1}\n"), url("http://h/"), ledger("  dir: l\n  key_ref: file:///k\n")}) {
    const auto loaded = parse_settings(text, "d.yaml", "/base");
    INFO(render(loaded));
    CHECK(loaded.value);
  }
}

TEST_CASE("what is not the YAML of ours is refused where it stands") { check(kYaml); }

TEST_CASE("missing, unknown, empty and misplaced keys are refused where they stand") { check(kKeys); }

TEST_CASE("values out of form or range are refused where they stand") { check(kValues); }

TEST_CASE("a single mistake in a value gives a single error") {
  for (const Case& one : kValues) {
    const auto loaded = parse_settings(one.text, "d.yaml", "/base");
    INFO(render(loaded));
    CHECK(loaded.diagnostics.size() == 1);
  }
}

TEST_CASE("all errors of a file are told at once, in its order") {
  const auto loaded = parse_settings(R"(listen: {port: 70000, adress: 127.0.0.1}
admin: &a {port: 1}
servers:
  UP: {url: "http://h/"}
  s: {url: "ftp://h/", version: 1.0, tools: {a: {kind: raed}}}
  s: {}
policy:
limits: {call: 5, call: 6s}
)",
                                     "d.yaml", "/base");
  CHECK_FALSE(loaded.value);
  const std::vector<std::pair<int, std::string>> expected{{1, "authn is missing"},
                                                          {1, "ledger.dir is missing"},
                                                          {1, "listen.port must be"},
                                                          {1, "unknown key"},
                                                          {2, "anchors"},
                                                          {4, "must match"},
                                                          {5, "must be a URL"},
                                                          {5, "this is a number"},
                                                          {5, "did you mean read?"},
                                                          {6, "duplicate key"},
                                                          {7, "policy has no value"},
                                                          {8, "must be a duration"},
                                                          {8, "duplicate key"}};
  INFO(render(loaded));
  REQUIRE(loaded.diagnostics.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(loaded.diagnostics[i].where.line == expected[i].first);
    CHECK(loaded.diagnostics[i].message.find(expected[i].second) != std::string::npos);
  }
}

TEST_CASE("secrets written in the wrong place are not repeated") {
  const std::string secret = "c2VjcmV0LXNlY3JldA";
  for (const std::string& text :
       {ledger("  dir: l\n  key_ref: " + secret + "\n"), ledger("  dir: l\n  key_ref: [" + secret + "]\n"),
        ledger("  {dir: l, key_ref: " + secret + ", qeue: 1, queue: 0}\n"), url("http://user:" + secret + "@h/"),
        url("http://h/?token=" + secret), plus("api_key: " + secret + "\n"), plus("ledgr: {password: " + secret + "}\n"),
        plus("listen: " + secret + "\n")}) {
    const auto loaded = parse_settings(text, "d.yaml", "/base");
    INFO(render(loaded));
    CHECK_FALSE(loaded.value);
    CHECK(render(loaded).find(secret) == std::string::npos);
  }
}

TEST_CASE("of very many errors the first hundred are kept and the others counted") {
  std::string text = kWhole;
  for (int i = 0; i < 250; ++i) text += "unknown" + std::to_string(i) + ": 1\n";
  const auto loaded = parse_settings(text, "d.yaml", "/base");
  REQUIRE(loaded.diagnostics.size() == 101);
  CHECK(loaded.diagnostics.back().message == "150 further problems are not shown");
}

TEST_CASE("more values than the bound are refused, and as many are not") {
  std::string list = "listen: {hosts: [";
  for (int i = 0; i < 200'000; ++i) list += "a,";
  const auto over = parse_settings(kWhole + list + "]}\n", "d.yaml", "/base");
  CHECK_FALSE(over.value);
  REQUIRE(over.diagnostics.size() == 1);
  CHECK(over.diagnostics[0].message == "more than 200000 values");
  const auto under = parse_settings(kWhole + list.substr(0, 17 + 2 * 190'000) + "]}\n", "d.yaml", "/base");
  CHECK(under.value);
}

TEST_CASE("thirty-two levels are read, thirty-three are refused") {
  const auto nested = [](std::size_t levels) {
    return "a: " + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "\n";
  };
  const auto message = [&](std::size_t levels) { return parse_policy(nested(levels), "f").diagnostics.at(0).message; };
  CHECK(message(32).find("nested") == std::string::npos);
  CHECK(message(33).find("nested deeper than 32 levels") != std::string::npos);
}
