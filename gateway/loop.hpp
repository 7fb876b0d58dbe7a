#pragma once
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <set>

#include "gateway/asio.hpp"
#include "gateway/authenticator.hpp"
#include "gateway/deadline.hpp"
#include "gateway/egress.hpp"
#include "gateway/inbox.hpp"
#include "gateway/metrics_meters.hpp"
#include "gateway/services.hpp"
#include "gateway/upstream.hpp"
#include "policy/rulebook.hpp"

namespace durward::gateway {

class Connection;
class Relay;
struct Exchange;

/// One event loop with what belongs to it alone. Touched by its own thread, but for post().
struct Loop {
  explicit Loop(Services& s)
      : services(s),
        inbox(io.get_executor()),
        deadlines(io.get_executor()),
        upstream(io.get_executor(), deadlines, s),
        egress(io.get_executor(), deadlines, upstream.resolver(), s.egress),
        meters(s.tool_series),
        authenticator(s.failed_authentications, s.proofs) {}
  Services& services;
  asio::io_context io{1};
  Inbox inbox;
  Deadlines deadlines;
  Upstream upstream;
  Egress egress;
  Meters meters;
  std::shared_ptr<const Snapshot> now;
  std::set<Connection*> connections;
  std::set<Relay*> streams;  // relays under way that have no end of their own
  Authenticator authenticator;
  bool draining = false;
  unsigned chores = 0;  // coroutines of the loop itself that are under way

  void log_keys(const std::string& issuer, std::string_view why) const;
  void log_token(const std::string& server, std::string_view why) const;
  void log_catalogue(const std::string& server, const policy::Violation& violation) const;
  /// A tool whose calls are refused, because its schema cannot be used.
  void log_descriptor(const std::string& server, const std::string& tool, const std::string& fault) const;
  void log_refusal(const Exchange& x, const policy::Violation& violation) const;
};

}  // namespace durward::gateway
