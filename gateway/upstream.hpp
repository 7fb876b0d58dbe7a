#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gateway/asio.hpp"
#include "gateway/channel.hpp"
#include "gateway/deadline.hpp"
#include "gateway/entry.hpp"
#include "gateway/http.hpp"
#include "gateway/metrics_meters.hpp"
#include "gateway/read_buffer.hpp"
#include "gateway/resolver.hpp"
#include "gateway/services.hpp"

namespace durward::gateway {

/// A request in upstream's direction. Nothing of the caller's but what the header allowlist and the body carry.
struct UpstreamRequest {
  std::string method;  // POST, GET or DELETE
  Headers headers;
  std::string_view body;                       // must outlive the start() of the call
  const config::Secret* credential = nullptr;  // ours: a whole header line, or null; likewise
};

/// A connection to an upstream, its pool's while idle.
struct UpstreamConnection {
  UpstreamConnection(Executor executor, Cap& cap) : socket(executor), cap_(&cap) {}
  ~UpstreamConnection() {
    if (counted_)
      cap_->leave();
    else
      cap_->forget();
  }
  UpstreamConnection(const UpstreamConnection&) = delete;
  UpstreamConnection& operator=(const UpstreamConnection&) = delete;
  Channel socket;
  ReadBuffer unread;
  Clock::time_point idle_until;

  /// An idle connection takes no place: other loops may need it.
  void rest() {
    cap_->rest();
    counted_ = false;
  }
  bool wake() { return counted_ = cap_->wake(); }

 private:
  Cap* cap_;
  bool counted_ = true;
};

class Upstream;

/// One exchange with an upstream, from connect to the last byte. Bound to its loop. Destroying it before the end closes
/// the connection, which is how a modern exchange is cancelled.
class UpstreamCall {
 public:
  /// spent.upstream grows by what the call waits; spent and now, which server is part of, must outlive it.
  UpstreamCall(Upstream& upstream, const Snapshot& now, const config::Server& server, Spent& spent);
  ~UpstreamCall();
  UpstreamCall(const UpstreamCall&) = delete;
  UpstreamCall& operator=(const UpstreamCall&) = delete;

  /// Connects, sends, and reads the response head. The Entry is the proof that the exchange is on record.
  /// Errors: upstream_unreachable (nothing was sent), overloaded (the server's cap), upstream_failed, upstream_timeout,
  /// client_gone.
  Task<policy::Outcome<void>> start(const Entry& entry, const UpstreamRequest& request, Clock::time_point until);
  unsigned status() const { return parser_->status; }
  const Head& head() const { return parser_->head; }
  /// Payload that was read and not taken.
  std::string& body() { return parser_->body; }
  /// Reads until body() has grown. False: the payload has ended cleanly. Errors as start().
  Task<policy::Outcome<bool>> read();
  void extend(Clock::time_point until) { deadline_.arm_at(until); }
  /// Marks a call as the gateway's own: nobody waits for it when the gateway drains.
  void mark_own() { own_ = true; }
  /// Closes the connection; whoever waits in start() or read() gets client_gone. Loop thread only.
  void cancel();
  /// Gives the connection back, once the answer has been read to its end. Status and head stay readable.
  void done();
  /// Whether the whole answer has been read.
  bool complete() const { return parser_->done(); }
  /// Whether a response head has been read.
  bool answered() const { return parser_->head_done(); }
  /// Whether any byte may have reached the upstream.
  bool sent() const { return sent_; }

 private:
  friend class Upstream;
  Task<policy::Outcome<void>> connect();
  policy::Outcome<bool> parse();
  policy::Outcome<void> received(error_code ec, std::size_t got);
  policy::Violation failure(error_code ec) const;
  void reset_parser();
  Upstream& upstream_;
  const config::Server& server_;
  const std::string authority_;
  std::string pool_;  // server, address and TLS: what a reload has changed never finds a connection made before
  const config::Limits& limits_;
  const TlsClient* const tls_;  // null: http://
  Spent& spent_;
  std::unique_ptr<UpstreamConnection> connection_;
  std::unique_ptr<ResponseParser> parser_;  // never null
  Deadline deadline_;
  Timer* resolving_ = nullptr;
  bool sent_ = false, cancelled_ = false, own_ = false;
};

/// The only way to an upstream: one per loop, with the idle connections of that loop.
class Upstream {
 public:
  Upstream(Executor executor, Deadlines& deadlines, Services& services)
      : executor_(executor), deadlines_(deadlines), services_(services), resolver_(executor), sweep_(deadlines, [this] {
          close_idle(Clock::now());
        }) {}
  /// Closes the idle connections that are kept no longer than until then.
  void close_idle(Clock::time_point then);
  /// The loop's: whoever asks for a host that is being looked up waits for that.
  Resolver& resolver() { return resolver_; }
  /// Cancels every call of this loop, or only the gateway's own fetches.
  void cancel(bool all);

 private:
  friend class UpstreamCall;
  std::unique_ptr<UpstreamConnection> reuse(const std::string& pool);
  void keep(const std::string& pool, std::unique_ptr<UpstreamConnection> connection, Clock::duration time);
  std::unique_ptr<ResponseParser> parser();
  Executor executor_;
  Deadlines& deadlines_;
  Services& services_;
  std::vector<std::unique_ptr<ResponseParser>> parsers_;  // that no call uses
  std::map<std::string, std::vector<std::unique_ptr<UpstreamConnection>>> idle_;
  Resolver resolver_;
  Deadline sweep_;                 // while connections are idle: when the first is to be closed, or before
  std::set<UpstreamCall*> calls_;  // under way
};

}  // namespace durward::gateway
