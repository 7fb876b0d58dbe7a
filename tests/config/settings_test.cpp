#include <catch2/catch.hpp>

#include "config/load.hpp"

using namespace durward::config;

namespace {

const std::string kSmall = R"(authn: anonymous
servers:
  everything: {url: "http://127.0.0.1:3001/mcp"}
policy: policy.yaml
ledger: {dir: .durward/ledger, key_ref: "file://./.durward/keys/ed25519.key"}
)";

Settings good(const std::string& text) {
  auto loaded = parse_settings(text, "durward.yaml", "/etc/durward");
  INFO(render(loaded));
  REQUIRE(loaded.value.has_value());
  return std::move(*loaded.value);
}

}  // namespace

TEST_CASE("the smallest file takes every other setting from its default") {
  const Settings settings = good(kSmall);
  CHECK(settings.file == "durward.yaml");
  CHECK(settings.listen.address.value == "127.0.0.1");
  CHECK(settings.listen.port == 8088);
  CHECK(settings.admin.port == 9464);
  CHECK(settings.authn.given);
  CHECK(settings.authn.anonymous);
  CHECK(settings.authn.methods() == 0);
  CHECK(settings.ledger.side_effects == Durability::synced);
  CHECK(settings.ledger.reads == Durability::written);
  CHECK(settings.limits.body_bytes.count == 4U << 20);
  CHECK(settings.limits.call == std::chrono::seconds(120));
  const Server& server = settings.servers.at("everything");
  CHECK(server.name == "everything");
  CHECK(server.where.line == 3);
  CHECK(server.where.column == 3);
  CHECK(server.url.where.column == 21);
  CHECK_FALSE(server.version);
  CHECK(server.tools.empty());
}

TEST_CASE("relative paths are relative to the file") {
  const Settings settings = good(kSmall);
  CHECK(settings.policy.value == "/etc/durward/policy.yaml");
  CHECK(settings.ledger.dir.value == "/etc/durward/.durward/ledger");
  CHECK(settings.ledger.key_ref.value == "file:///etc/durward/.durward/keys/ed25519.key");
  CHECK(settings.ledger.keyring.value == "file:///etc/durward/.durward/keys/keyring.json");
}

TEST_CASE("absolute paths, parent directories and env references stay what they are") {
  const Settings settings = good(R"(authn: anonymous
servers: {s: {url: "http://h/"}}
policy: /srv/policy.yaml
ledger: {dir: ../ledger, key_ref: "env://SIGNING_KEY", keyring: "file://../ring.json"}
)");
  CHECK(settings.policy.value == "/srv/policy.yaml");
  CHECK(settings.ledger.dir.value == "/etc/durward/../ledger");
  CHECK(settings.ledger.key_ref.value == "env://SIGNING_KEY");
  CHECK(settings.ledger.keyring.value == "file:///etc/durward/../ring.json");
}

TEST_CASE("a systemd credential is left for whoever knows the environment") {
  const Settings settings = good(R"(authn: anonymous
servers: {s: {url: "http://h/"}}
policy: p.yaml
ledger: {dir: l, key_ref: "file://${CREDENTIALS_DIRECTORY}/key"}
)");
  CHECK(settings.ledger.key_ref.value == "file://${CREDENTIALS_DIRECTORY}/key");
  CHECK(settings.ledger.keyring.value == "file://${CREDENTIALS_DIRECTORY}/keyring.json");
}

TEST_CASE("listeners, servers and the ledger are read") {
  const Settings settings = good(R"(
listen:
  address: "::1"
  port: 0
  hosts: [Gateway.example.com, "gateway.example.com:8443", "[::1]:80"]
  cors_origins: ["https://App.example.com", "http://localhost:5173"]
  threads: 4
admin: {address: 127.0.0.2, port: 0}
authn: anonymous
servers:
  db:
    url: http://DB.example.com:8080/mcp/
    version: "1.10"
    tools:
      "read_*": {kind: read}
      "run": {kind: [exec, egress]}
      "*": {kind: mutate}
  six: {url: "http://[FD00::1]:9"}
  bare: {url: "http://h"}
policy: p
ledger:
  dir: /l
  key_ref: file:///k/key
  keyring: file:///r/ring
  origin: example.com/gateway-1
  side_effects: buffered
  reads: synced
  deadline: 250ms
  segment: 1MiB
  reserve: 2GiB
  anonymous_refusals_per_second: 1
  refusals_per_second: 2
  queue: 3
session: {max_age: 1h}
)");
  CHECK(settings.listen.port == 0);
  REQUIRE(settings.listen.hosts.size() == 3);
  CHECK(settings.listen.hosts[0].value == "gateway.example.com");
  CHECK(settings.listen.hosts[0].where.column == 11);
  REQUIRE(settings.listen.cors_origins.size() == 2);
  CHECK(settings.listen.cors_origins[0].value == "https://app.example.com");
  CHECK(settings.listen.threads == 4);
  CHECK(settings.admin.address.value == "127.0.0.2");

  const Server& db = settings.servers.at("db");
  CHECK(db.endpoint.scheme == "http");
  CHECK(db.endpoint.host == "db.example.com");
  CHECK(db.endpoint.port == 8080);
  CHECK(db.endpoint.path == "/mcp/");
  CHECK(db.endpoint.authority() == "db.example.com:8080");
  REQUIRE(db.version);
  CHECK(db.version->value == "1.10");
  REQUIRE(db.tools.size() == 3);
  CHECK(db.tools[0].pattern.value == "read_*");
  CHECK(db.tools[0].pattern.where.line == 15);
  CHECK(db.tools[0].kinds == std::vector{ToolKind::read});
  CHECK(db.tools[1].kinds == std::vector{ToolKind::exec, ToolKind::egress});
  CHECK(db.tools[2].kinds == std::vector{ToolKind::mutate});
  CHECK(settings.servers.at("six").endpoint.host == "fd00::1");
  CHECK(settings.servers.at("six").endpoint.authority() == "[fd00::1]:9");
  CHECK(settings.servers.at("bare").endpoint.port == 80);
  CHECK(settings.servers.at("bare").endpoint.path == "/");
  CHECK(settings.servers.at("bare").endpoint.authority() == "h");

  const Ledger& ledger = settings.ledger;
  CHECK(ledger.origin == "example.com/gateway-1");
  CHECK(ledger.side_effects == Durability::buffered);
  CHECK(ledger.reads == Durability::synced);
  CHECK(ledger.deadline == std::chrono::milliseconds(250));
  CHECK(ledger.segment.count == 1U << 20);
  CHECK(ledger.reserve.count == 2ULL << 30);
  CHECK(ledger.anonymous_refusals_per_second == 1);
  CHECK(ledger.refusals_per_second == 2);
  CHECK(ledger.queue == 3);
  CHECK(settings.session.max_age == std::chrono::hours(1));
}

TEST_CASE("every limit is read into its own field") {
  const Limits limits = good(kSmall + R"(limits:
  header_bytes: 1001
  header_fields: 1002
  body_bytes: 1003B
  json_depth: 1004
  header_read: 5s
  body_rate: 1005
  body_grace: 6s
  idle: 7s
  connections_per_address: 1006
  connections: 1007
  upstream_connections: 1008
  answer_bytes: 1009
  event_bytes: 1010
  buffered_bytes: 1011KiB
  connect: 8ms
  call: 9m
  stream: 10h
  baggage_bytes: 1012
  batch: 13
  drain: 14s
  initialize_bytes: 1015
)")
                            .limits;
  CHECK(limits.header_bytes.count == 1001);
  CHECK(limits.header_fields == 1002);
  CHECK(limits.body_bytes.count == 1003);
  CHECK(limits.json_depth == 1004);
  CHECK(limits.header_read == std::chrono::seconds(5));
  CHECK(limits.body_rate.count == 1005);
  CHECK(limits.body_grace == std::chrono::seconds(6));
  CHECK(limits.idle == std::chrono::seconds(7));
  CHECK(limits.connections_per_address == 1006);
  CHECK(limits.connections == 1007);
  CHECK(limits.upstream_connections == 1008);
  CHECK(limits.answer_bytes.count == 1009);
  CHECK(limits.event_bytes.count == 1010);
  CHECK(limits.buffered_bytes.count == 1011U << 10);
  CHECK(limits.connect == std::chrono::milliseconds(8));
  CHECK(limits.call == std::chrono::minutes(9));
  CHECK(limits.stream == std::chrono::hours(10));
  CHECK(limits.baggage_bytes.count == 1012);
  CHECK(limits.batch == 13);
  CHECK(limits.drain == std::chrono::seconds(14));
  CHECK(limits.initialize_bytes.count == 1015);
}

TEST_CASE("less buffer than one body may need is a warning that leaves a value") {
  const auto loaded = parse_settings(kSmall + "limits: {buffered_bytes: 1MiB}\n", "f", "/");
  REQUIRE(loaded.value);
  REQUIRE(loaded.diagnostics.size() == 1);
  CHECK(loaded.diagnostics[0].severity == Severity::warning);
  CHECK(loaded.diagnostics[0].where.line == 6);
  CHECK(loaded.diagnostics[0].where.column == 26);
}

TEST_CASE("line ends of Windows and a byte order mark change nothing") {
  std::string text = "\xEF\xBB\xBF";
  for (const char c : kSmall) text += c == '\n' ? "\r\n" : std::string(1, c);
  const Settings settings = good(text);
  CHECK(settings.policy.value == "/etc/durward/policy.yaml");
  CHECK(settings.servers.at("everything").url.where.line == 3);
}
