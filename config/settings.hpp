#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/authn_settings.hpp"
#include "config/credential_settings.hpp"
#include "config/diagnostic.hpp"
#include "config/url.hpp"

/// Every setting with its unit and default, as plain data. Reading is in `reader` and `load`; meaning is with the layer that
/// uses it.
namespace durward::config {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Bytes {
  std::uint64_t count = 0;
};

/// With what a listener speaks TLS: a certificate and its key.
struct ServerTls {
  Located<std::string> cert;  // PEM, with those that lead to its authority; absolute after loading; empty: no TLS
  Located<std::string> key;   // file://… or env://NAME, to PEM
  bool given() const { return !cert.value.empty(); }
};

/// Where agents connect. `hosts` are further authorities that a Host header may name, besides the bound address and localhost.
struct Listen {
  Located<std::string> address{"127.0.0.1", {}};
  std::uint16_t port = 8088;                       // 0: any free port
  std::vector<Located<std::string>> hosts;         // "gateway.example.com" or "gateway.example.com:8443"
  std::vector<Located<std::string>> cors_origins;  // "https://app.example.com": allowed in Origin, and answered by CORS
  unsigned threads = 0;                            // event loops; 0: one per core, at most 8
  Located<std::string> public_url{};  // "https://gateway.example.com": the base of what tokens are for; empty: none
  ServerTls tls{};
  bool insecure_plaintext = false;  // beyond loopback without TLS: something before the gateway has it
};

/// The operator's listener: health and metrics.
struct Admin {
  Located<std::string> address{"127.0.0.1", {}};
  std::uint16_t port = 9464;
  bool metrics_open = false;       // whether /metrics answers without authentication
  unsigned metrics_series = 1000;  // tool calls by server, tool and verdict; what is beyond counts as tool `other`
  seconds stall{10};               // a loop that has not ticked for so long is not alive
  unsigned connections = 32;       // at once; a further one ends the oldest
  seconds deadline{5};             // from accept to the last byte of the answer
  Authn authn;                     // API keys only; not given: nobody can authenticate
  ServerTls tls;
  std::vector<Located<std::string>> hosts;  // as Listen::hosts
};

enum class LogFormat : std::uint8_t { automatic, json, text };
enum class LogLevel : std::uint8_t { debug, info, warn, error };

/// Lines on stderr.
struct Log {
  LogFormat format = LogFormat::automatic;  // text on a terminal, else JSON
  LogLevel level = LogLevel::info;
  unsigned refusals_per_second = 20;  // own lines of refusals; further ones are counted
};

enum class ToolKind : std::uint8_t { read = 1, mutate = 2, exec = 4, egress = 8 };

struct ToolSetting {
  Located<std::string> pattern;                // glob over the tool's name
  std::vector<ToolKind> kinds;                 // empty: the default, mutate
  std::vector<Located<std::string>> scopes{};  // that a call of it needs, besides the server's
};

/// What the certificates of https:// URLs are verified against, and what is shown there.
struct ClientTls {
  Located<std::string> ca;      // a PEM file, absolute after loading; empty: what the system trusts
  Located<std::string> cert{};  // a client certificate, as ServerTls; empty: none is shown
  Located<std::string> key{};
};

/// One upstream MCP server.
struct Server {
  std::string name;  // [a-z0-9][a-z0-9_-]{0,62}: it stands in paths, patterns and records
  Position where;
  Located<std::string> url;  // http://host:port/path or https://…
  Url endpoint;              // url, taken apart
  ClientTls tls;             // without a ca: that of Settings::tls
  std::optional<Located<std::string>> version;
  std::vector<ToolSetting> tools;              // first matching pattern wins
  std::vector<Located<std::string>> scopes{};  // that every request needs
  Credential credential;                       // who we are to it
};

enum class Durability : std::uint8_t { synced, written, buffered };

struct Ledger {
  Located<std::string> dir;      // absolute after loading
  Located<std::string> key_ref;  // file://… or env://NAME
  Located<std::string> keyring;  // file://…; default: keyring.json beside the signing key
  std::string origin;            // empty: the one that `keys init` fixed
  Durability side_effects = Durability::synced;
  Durability reads = Durability::written;  // reads, lists and refusals after authentication
  milliseconds deadline{2000};             // no durable sink within this: refuse
  Bytes segment{256ULL << 20};             // rotation, besides daily
  Bytes reserve{256ULL << 20};             // free space that refusals before authentication never use
  unsigned anonymous_refusals_per_second = 10;
  unsigned refusals_per_second = 50;  // per principal
  std::size_t queue = 65536;          // records waiting for the writer
};

/// The limits of README.md, "Settings", which says what each means. Each has a test that crosses it.
struct Limits {
  Bytes header_bytes{16 << 10};
  unsigned header_fields = 100;
  Bytes body_bytes{4 << 20};
  unsigned json_depth = 64;
  seconds header_read{10};
  Bytes body_rate{1 << 10};  // bytes a second that a body must keep up, after body_grace
  seconds body_grace{10};
  seconds idle{75};                        // between requests on a kept connection
  unsigned connections_per_address = 256;  // an IPv6 /64 counts as one address
  unsigned connections = 10000;
  seconds handshake{10};                  // of TLS with a caller, from accepting the connection
  unsigned handshakes = 1000;             // of TLS with callers, a second, in all
  unsigned handshakes_per_address = 100;  // likewise, an IPv6 /64 as one
  unsigned upstream_connections = 256;    // per server
  Bytes answer_bytes{16 << 20};           // a JSON answer
  Bytes event_bytes{4 << 20};             // one SSE event
  Bytes buffered_bytes{256 << 20};        // held in bodies, answers, events and what was parsed of them, in all
  Bytes buffered_bytes_per_address{64 << 20};
  milliseconds connect{5000};  // upstream name and TCP connect
  seconds call{120};           // first byte to last byte of a call that is not a stream
  seconds stream{24 * 3600};
  Bytes baggage_bytes{8 << 10};
  unsigned batch = 32;
  seconds drain{30};                      // after SIGTERM, for calls under way
  Bytes initialize_bytes{64 << 10};       // an InitializeResult, with the events before it
  seconds write_stall{60};                // a caller that takes less than body_rate of an answer for this long is gone
  seconds upstream_idle{15};              // below what servers commonly keep, so that they seldom close first
  seconds catalogue{10};                  // the gateway's own fetch of a server's tools, all pages
  unsigned tools = 10000;                 // names in a server's catalogue
  unsigned authentication_failures = 20;  // a minute, by one address; then its credentials are not looked at
  unsigned tokens = 10000;                // verified tokens that an event loop remembers, for a minute at most
  unsigned upstream_tokens = 10000;       // that the gateway holds for servers, in all
  milliseconds token_fetch{10'000};       // for a token of a server's
};

struct Session {
  seconds max_age{30 * 24 * 3600};
};

/// durward.yaml, the operator's file.
struct Settings {
  std::string file;
  Listen listen;
  Admin admin;
  Authn authn;
  std::map<std::string, Server> servers;
  std::vector<BrokeredSecret> secrets;                // in the file's order
  ClientTls tls;                                      // of servers without one of their own, and of what else the gateway asks
  Located<std::string> policy;                        // absolute after loading
  std::vector<Located<std::string>> accept_inactive;  // keys of policy.yaml that may do nothing yet
  Ledger ledger;
  Log log;
  unsigned replicas = 1;  // gateways that serve under listen.public_url, this one included
  Limits limits;
  Session session;
};

}  // namespace durward::config
