#include "config/describe_authn.hpp"
#include "config/describe_credential.hpp"
#include "config/fields.hpp"
#include "config/forms.hpp"

namespace durward::config {
namespace {

using std::chrono::hours;

constexpr std::uint64_t kKiB = 1 << 10;
constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kGiB = 1 << 30;
constexpr seconds kDay = hours(24);

constexpr std::array kKinds{Word{"read", static_cast<int>(ToolKind::read)}, Word{"mutate", static_cast<int>(ToolKind::mutate)},
                            Word{"exec", static_cast<int>(ToolKind::exec)}, Word{"egress", static_cast<int>(ToolKind::egress)}};
constexpr std::array kDurability{Word{"synced", static_cast<int>(Durability::synced)},
                                 Word{"written", static_cast<int>(Durability::written)},
                                 Word{"buffered", static_cast<int>(Durability::buffered)}};

constexpr std::array kLogFormat{Word{"auto", static_cast<int>(LogFormat::automatic)},
                                Word{"json", static_cast<int>(LogFormat::json)},
                                Word{"text", static_cast<int>(LogFormat::text)}};
constexpr std::array kLogLevel{Word{"debug", static_cast<int>(LogLevel::debug)}, Word{"info", static_cast<int>(LogLevel::info)},
                               Word{"warn", static_cast<int>(LogLevel::warn)},
                               Word{"error", static_cast<int>(LogLevel::error)}};

void durability(Fields& f, const Key& key, Durability& out) {
  Located<Durability> value{out, {}};
  if (f.choice(key, kDurability, value)) out = value.value;
}

void describe_server_tls(Fields& f, ServerTls& tls) {
  f.part({"tls", ""}, [&](Fields& in) {
    in.text({"cert", "PEM file of the certificate, then those that lead to its authority; read at start and reload", true,
             "name the PEM file of the certificate"},
            kPath, tls.cert);
    in.text({"key", "its private key, PEM without a password; read at start and reload", true,
             "name the private key, as file://./path"},
            kSecretRef, tls.key);
  });
}

void describe_listen(Fields& f, Listen& listen) {
  f.text({"address", "where agents connect; beyond loopback only with authentication, and TLS or `insecure_plaintext`"},
         kAddress, listen.address);
  f.whole({"port", "0 takes any free port"}, 0, 65535, listen.port);
  f.texts({"hosts", "further names that a Host header may carry, besides the bound address and localhost"}, kHost,
          listen.hosts);
  f.texts({"cors_origins", "web origins that browsers may call from"}, kWebOrigin, listen.cors_origins);
  f.whole({"threads", "event loops; 0 is one per core, at most 8"}, 0, 64, listen.threads);
  f.text({"public_url",
          "the base under which agents reach the gateway: tokens are for `public_url`/mcp/{server}; required with `jwt`; its "
          "host is one of `hosts`"},
         kPublicUrl, listen.public_url);
  describe_server_tls(f, listen.tls);
  f.flag({"insecure_plaintext", "whether it may serve beyond loopback without TLS, for something before it that has TLS"},
         listen.insecure_plaintext);
}

void describe_admin(Fields& f, Admin& admin) {
  f.text({"address", "health and metrics; beyond loopback only with `tls` and `authn`"}, kAddress, admin.address);
  f.whole({"port", "0 takes any free port"}, 0, 65535, admin.port);
  f.flag(
      {"metrics_open", "whether `/metrics` answers everyone who reaches the admin listener; `false`: only whom `authn` knows"},
      admin.metrics_open);
  f.whole({"metrics_series", "series of tool calls by server, tool and verdict; further ones count under the tool `other`"}, 0,
          100'000, admin.metrics_series);
  f.time({"stall", "an event loop that has not moved for so long fails `/livez`"}, seconds(1), seconds(600), admin.stall);
  f.whole({"connections", "at once; a further one ends the oldest"}, 1, 1000, admin.connections);
  f.time({"deadline", "from accepting a connection to the last byte of its answer"}, seconds(1), seconds(60), admin.deadline);
  f.texts({"hosts", "further names that a Host header may carry, besides the bound address and localhost"}, kHost, admin.hosts);
  describe_server_tls(f, admin.tls);
  describe_admin_authn(f, admin.authn);
}

void describe_log(Fields& f, Log& log) {
  Located<LogFormat> format{log.format, {}};
  if (f.choice({"format", "of the lines on stderr; `auto`: text on a terminal, else JSON"}, kLogFormat, format))
    log.format = format.value;
  Located<LogLevel> level{log.level, {}};
  if (f.choice({"level", "the least severe lines that are written"}, kLogLevel, level)) log.level = level.value;
  f.whole({"refusals_per_second", "own lines of refusals; further ones are counted, and the count is a line"}, 0, 100'000,
          log.refusals_per_second);
}

void describe_tool(Fields& f, ToolSetting& tool) {
  f.texts({"scopes", "OAuth scopes that a call needs, besides the server's"}, kScope, tool.scopes);
  std::vector<int> kinds;
  const Key key{"kind", "what the tools do: one word or a list; without it they are `mutate`", true,
                "write kind: read, or mutate, exec, egress"};
  if (!f.words(key, kKinds, kinds)) return;
  for (const int kind : kinds) tool.kinds.push_back(static_cast<ToolKind>(kind));
}

void describe_server(Fields& f, Server& server) {
  const Key url{"url", "the server's MCP endpoint, http:// or https://", true,
                "write its MCP endpoint, such as http://127.0.0.1:3001/mcp"};
  if (f.text(url, kUrl, server.url)) {
    std::string error;
    if (auto endpoint = parse_url(server.url.value, error)) server.endpoint = std::move(*endpoint);
  }
  f.section({"tls", ""}, [&](Fields& inside) {
    inside.text({"ca", "the authorities, as a PEM file, that its certificate must come from; without it those of `tls.ca`"},
                kPath, server.tls.ca);
    inside.text({"cert", "PEM file of the certificate that it is shown, then those that lead to its authority"}, kPath,
                server.tls.cert);
    inside.text({"key", "the private key of `cert`, PEM without a password"}, kSecretRef, server.tls.key);
  });
  Located<std::string> version;
  if (f.text({"version", "the version of all its tools in policy patterns; else what the server reports"}, kText, version)) {
    server.version = std::move(version);
  }
  f.texts({"scopes", "OAuth scopes that every request needs"}, kScope, server.scopes);
  f.table({"tools", "by glob over tool names; the first that matches wins"}, kToolGlob,
          [&](Fields& inside, const Located<std::string>& glob) {
            ToolSetting tool{glob, {}, {}};
            describe_tool(inside, tool);
            server.tools.push_back(std::move(tool));
          });
  describe_credential(f, server.credential);
}

void describe_ledger(Fields& f, Ledger& ledger) {
  f.text({"dir", "the ledger's directory", true, "name the directory that the ledger is written to"}, kPath, ledger.dir);
  f.text({"key_ref", "the signing key; relative paths as file://./…; without it `signing.key_ref` of the policy"}, kSecretRef,
         ledger.key_ref);
  f.text({"keyring", "the keyring; without it `keyring.json` beside the signing key"}, kFileRef, ledger.keyring);
  Located<std::string> origin;
  if (f.text({"origin", "the ledger's name; without it the one that `keys init` fixed"}, kLedgerOrigin, origin)) {
    ledger.origin = std::move(origin.value);
  }
  durability(f, {"side_effects", "durability of calls with side effects"}, ledger.side_effects);
  durability(f, {"reads", "durability of reads, lists and refusals after authentication"}, ledger.reads);
  f.time({"deadline", "without a durable record within this, refuse"}, milliseconds(10), milliseconds(60'000), ledger.deadline);
  f.size({"segment", "a file is closed at this size, besides daily"}, 64 * kKiB, 64 * kGiB, ledger.segment);
  f.size({"reserve", "free space that refusals before authentication never use"}, kMiB, 1024 * kGiB, ledger.reserve);
  f.whole({"anonymous_refusals_per_second", "own records of refusals before authentication; further ones share one"}, 1,
          100'000, ledger.anonymous_refusals_per_second);
  f.whole({"refusals_per_second", "own records of refusals after it, per principal"}, 1, 100'000, ledger.refusals_per_second);
  f.whole({"queue", "records that may wait for the writer"}, 1, 4'194'304, ledger.queue);
}

void describe_size_limits(Fields& f, Limits& limits) {
  f.size({"header_bytes", "a request's headers in all"}, 256, kMiB, limits.header_bytes);
  f.whole({"header_fields", "a request's headers"}, 1, 10'000, limits.header_fields);
  f.size({"body_bytes", "a request's body"}, 1, kGiB, limits.body_bytes);
  f.whole({"json_depth", "nesting of JSON"}, 1, 1024, limits.json_depth);
  f.size({"body_rate", "bytes a second that a body must keep up, after `body_grace`"}, 1, kGiB, limits.body_rate);
  f.size({"answer_bytes", "a JSON answer of a server"}, 1, kGiB, limits.answer_bytes);
  f.size({"event_bytes", "one event of a stream"}, 1, kGiB, limits.event_bytes);
  f.size({"buffered_bytes", "bodies, answers, events and what was parsed of them, held in memory, in all"}, 1, 1024 * kGiB,
         limits.buffered_bytes);
  f.size({"buffered_bytes_per_address", "of these, for callers at one address; an IPv6 /64 counts as one"}, 1, 1024 * kGiB,
         limits.buffered_bytes_per_address);
  f.size({"baggage_bytes", "W3C baggage"}, 1, kMiB, limits.baggage_bytes);
  f.size({"initialize_bytes", "an initialize answer with the events before it"}, 1, 64 * kMiB, limits.initialize_bytes);
  f.whole({"batch", "messages in a JSON-RPC batch"}, 1, 1000, limits.batch);
  f.whole({"tools", "names of one server's tools that the gateway remembers"}, 1, 1'000'000, limits.tools);
  f.whole({"authentication_failures",
           "by one address in a minute; beyond it an address gets its 401 before its credentials are looked at. Callers behind "
           "one proxy share it"},
          1, 1'000'000, limits.authentication_failures);
  f.whole({"tokens", "verified tokens that an event loop remembers, each for a minute at most"}, 1, 1'000'000, limits.tokens);
  f.whole({"upstream_tokens", "tokens for servers that the gateway holds; of more the oldest go"}, 1, 1'000'000,
          limits.upstream_tokens);
}

void describe_limits(Fields& f, Limits& limits) {
  describe_size_limits(f, limits);
  f.whole({"connections_per_address", "from one address; an IPv6 /64 counts as one"}, 1, 1'000'000,
          limits.connections_per_address);
  f.whole({"connections", "from agents, in all"}, 1, 1'000'000, limits.connections);
  f.time({"handshake", "from accepting a connection to the end of its TLS handshake"}, seconds(1), hours(1), limits.handshake);
  f.whole({"handshakes_per_address",
           "of TLS, a second, from one address; an IPv6 /64 counts as one. Beyond it a connection is closed at once"},
          1, 1'000'000, limits.handshakes_per_address);
  f.whole({"handshakes", "of TLS, a second, in all; likewise"}, 1, 1'000'000, limits.handshakes);
  f.whole({"upstream_connections", "to one server"}, 1, 65'535, limits.upstream_connections);
  f.time({"header_read", "until a request's headers are complete"}, seconds(1), hours(1), limits.header_read);
  f.time({"body_grace", "before `body_rate` applies"}, seconds(1), hours(1), limits.body_grace);
  f.time({"idle", "between requests on a kept connection"}, seconds(1), hours(24), limits.idle);
  f.time({"connect", "until a server's name is resolved and a connection stands"}, milliseconds(1), milliseconds(300'000),
         limits.connect);
  f.time({"upstream_idle", "how long an unused connection to a server is kept; below what the server keeps it"}, seconds(1),
         hours(24), limits.upstream_idle);
  f.time({"catalogue", "the gateway's own fetch of a server's tools"}, seconds(1), hours(1), limits.catalogue);
  f.time({"token_fetch", "the fetch of a token for a server, from name to last byte"}, milliseconds(100), milliseconds(300'000),
         limits.token_fetch);
  f.time({"write_stall", "a caller takes at least `body_rate` of an answer over this time, or is cut off"}, seconds(1),
         hours(1), limits.write_stall);
  f.time({"call", "first to last byte of a call that is not a stream"}, seconds(1), hours(24), limits.call);
  f.time({"stream", "life of a stream"}, seconds(1), 30 * kDay, limits.stream);
  f.time({"drain", "after SIGTERM, for calls under way"}, seconds(1), hours(24), limits.drain);
}

}  // namespace

void describe(Fields& f, Settings& settings) {
  f.section({"listen", ""}, [&](Fields& in) { describe_listen(in, settings.listen); });
  f.section({"admin", ""}, [&](Fields& in) { describe_admin(in, settings.admin); });
  describe_authn(f, settings.authn);
  f.table({"servers", "the MCP servers behind the gateway, by name", true,
           "name an MCP server, such as everything: {url: \"http://127.0.0.1:3001/mcp\"}"},
          kServerName, [&](Fields& in, const Located<std::string>& name) {
            Server server;
            server.name = name.value;
            server.where = name.where;
            describe_server(in, server);
            settings.servers.insert_or_assign(name.value, std::move(server));
          });
  describe_secrets(f, settings.secrets);
  f.section({"tls", ""}, [&](Fields& in) {
    in.text({"ca",
             "the authorities, as a PEM file, that the certificates of https:// URLs must come from; without it those that the "
             "system trusts"},
            kPath, settings.tls.ca);
  });
  f.text({"policy", "the policy file", true, "name the policy file, such as policy.yaml"}, kPath, settings.policy);
  f.texts(
      {"accept_inactive",
       "keys of the policy that do nothing yet, such as `compliance` or `enforcement.circuit_breakers`; with one that is not "
       "listed here the gateway does not start"},
      kKeyPath, settings.accept_inactive);
  f.section({"ledger", ""}, [&](Fields& in) { describe_ledger(in, settings.ledger); });
  f.section({"log", ""}, [&](Fields& in) { describe_log(in, settings.log); });
  f.whole(
      {"replicas",
       "gateways that serve under `listen.public_url`, this one included; beyond 1 every `jwt` needs `dpop: false`: a proof "
       "that one of them has seen the others would take again"},
      1, 1000, settings.replicas);
  f.section({"limits", ""}, [&](Fields& in) { describe_limits(in, settings.limits); });
  f.section({"session", ""}, [&](Fields& in) {
    in.time({"max_age", "life of a legacy session"}, seconds(60), 365 * kDay, settings.session.max_age);
  });
}

}  // namespace durward::config
