#pragma once
#include <memory>
#include <optional>
#include <string>

#include "gateway/asio.hpp"
#include "gateway/head.hpp"
#include "gateway/http.hpp"
#include "gateway/metrics_meters.hpp"
#include "gateway/services.hpp"
#include "policy/principal.hpp"
#include "policy/rulebook.hpp"

namespace durward::gateway {

class Downstream;
struct ClientCertificate;
struct Loop;

/// One HTTP exchange: the rulebook it began with, what the caller sent, and the facts that go into its records.
struct Exchange {
  Exchange(Services& s, Loop& l, Downstream* d, std::shared_ptr<const Snapshot> n, Buffered* of_address = nullptr)
      : services(s), loop(l), downstream(d), now(std::move(n)), held(s.buffered, of_address) {}
  Services& services;
  Loop& loop;
  Downstream* const downstream;  // null for the gateway's own fetches
  const std::shared_ptr<const Snapshot> now;
  const Head* head = nullptr;
  std::string address;  // the caller's, for budgets; never recorded in clear
  Clock::time_point arrived;
  std::int64_t arrived_ms = 0;  // Unix time
  std::string trace_id, span_id;
  std::string traceparent;          // what goes upstream: the caller's trace, our span
  std::string tracestate, baggage;  // the caller's, within their bounds, or empty
  std::string cause;                // canonical JSON of the trace that the caller claimed, or empty
  std::string entry_id;
  std::string_view asked_server;             // in the path, whether there is one of that name or not
  ClientCertificate* certificate = nullptr;  // the connection's; null: none
  std::optional<policy::AuthnMethod> tried;  // by which the caller tried to authenticate, where it has no principal
  std::string_view fault;                    // what was wrong with the credential: a word of a closed list
  const config::Server* server = nullptr;    // the route, once it is known
  Catalogue* catalogue = nullptr;            // of that server
  std::optional<policy::Principal> principal;
  std::optional<SessionState> session;  // legacy, once its id has opened
  std::uint64_t bytes_in = 0;
  Held held;
  mutable Spent spent;   // for the metrics: no stage reads it
  bool endless = false;  // a stream without an end of its own

  const config::Limits& limits() const { return now->settings.limits; }
  const policy::Rulebook& rules() const { return *now->rules; }
  /// The effective version of the route's tools: configured, else reported by the server, else empty.
  std::string version() const;
  /// The headers that every answer carries.
  Headers headers() const;
  /// Those of them that name the exchange.
  Headers ids() const;
};

}  // namespace durward::gateway
