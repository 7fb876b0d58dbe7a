#pragma once
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "gateway/asio.hpp"
#include "gateway/deadline.hpp"
#include "gateway/destinations.hpp"
#include "gateway/http.hpp"
#include "gateway/resolver.hpp"
#include "gateway/services.hpp"

namespace durward::gateway {

/// One question to a host of the configuration: a key set, a token.
struct EgressRequest {
  config::Url url;
  std::string_view method = "GET";  // or POST
  std::string_view query;           // without the question mark; empty: none
  Headers headers;                  // Host, Connection and the framing are added
  std::string_view body;            // must outlive the fetch
  std::size_t most = 64 << 10;      // bytes of the answer's body
  Clock::duration within = std::chrono::seconds(10);
  bool background = false;  // nobody waits for it: given up when the gateway drains
};

/// What came back: any status but interim ones. A redirect is an answer like others, and is not followed.
class EgressAnswer {
 public:
  EgressAnswer(EgressAnswer&&) = default;
  EgressAnswer& operator=(EgressAnswer&&) = delete;
  ~EgressAnswer();  // wipes the body: it may be a token
  unsigned status() const { return parser_->status; }
  const Head& head() const { return parser_->head; }
  /// Without its parameters, as it was sent; empty if there is none.
  std::string_view media() const;
  const std::string& body() const { return parser_->body; }

 private:
  friend class EgressCall;
  explicit EgressAnswer(std::unique_ptr<ResponseParser> parser) : parser_(std::move(parser)) {}
  std::unique_ptr<ResponseParser> parser_;  // null once moved from
};

class EgressCall;

/// The second door out (the first is `gateway/upstream`): one for each loop. Asks configured hosts only, one request for each
/// connection, reads as strictly as from an upstream, and keeps nothing.
class Egress {
 public:
  /// cap: of connections over all loops. What it refers to outlives it.
  Egress(Executor executor, Deadlines& deadlines, Resolver& resolver, Cap& cap)
      : executor_(executor), deadlines_(deadlines), resolver_(resolver), cap_(cap) {}

  /// Asks, and reads the answer to its end. Details are for the operator and repeat nothing that the peer wrote. Errors:
  /// upstream_unreachable (nothing was sent), upstream_timeout, upstream_failed (no answer that can be read in one way, or a
  /// larger one than `most`), overloaded (the cap), draining (cancelled), internal (the host is not
  /// among now.destinations, which is a defect). request must outlive the task.
  Task<policy::Outcome<EgressAnswer>> fetch(std::shared_ptr<const Snapshot> now, const EgressRequest& request);
  /// Gives up every call of this loop, or only those that nobody waits for.
  void cancel(bool all);

 private:
  friend class EgressCall;
  Executor executor_;
  Deadlines& deadlines_;
  Resolver& resolver_;
  Cap& cap_;
  std::set<EgressCall*> calls_;  // under way
};

}  // namespace durward::gateway
