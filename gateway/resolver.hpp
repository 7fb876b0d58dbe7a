#pragma once
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "gateway/asio.hpp"
#include "policy/outcome.hpp"

namespace durward::gateway {

/// The addresses of upstream hosts: looked up once for all who ask at the same time, and remembered for kRemembered. One per
/// loop. A lookup by the system cannot be given up, so those who wait for it can.
class Resolver {
 public:
  static constexpr std::chrono::seconds kRemembered{30};  // the system gives no time to live; a moved server is found soon
  using Endpoints = std::vector<tcp::endpoint>;
  using Found = std::function<void(error_code, Endpoints)>;
  /// Starts a lookup of host and port, and calls found once, later, on the loop.
  using LookUp = std::function<void(const std::string& host, const std::string& port, Found found)>;

  /// Asks the system, on one thread of the loop's own: a name whose servers are silent holds up the others of this loop.
  explicit Resolver(Executor executor);
  Resolver(Executor executor, LookUp look_up) : executor_(executor), look_up_(std::move(look_up)) {}

  /// While it waits, `waiting` points to a timer: cancel() makes it give up. Errors: upstream_unreachable, the host is not
  /// known; upstream_timeout, not by `until`, or given up.
  Task<policy::Outcome<Endpoints>> find(const config::Url& url, Clock::time_point until, Timer*& waiting);

 private:
  struct Name {
    Endpoints endpoints;
    Clock::time_point until;  // of the endpoints
    error_code error;         // of the last lookup
    bool looking = false;
    std::set<Timer*> waiting;
  };
  void begin(Name& name, const config::Url& url);
  Executor executor_;
  LookUp look_up_;
  std::map<std::string, Name> names_;  // by host and port; those of the configuration only
};

}  // namespace durward::gateway
