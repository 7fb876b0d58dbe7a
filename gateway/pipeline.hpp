#pragma once
#include <optional>
#include <string>
#include <vector>

#include "gateway/authenticator.hpp"
#include "gateway/entry.hpp"
#include "gateway/exchange.hpp"
#include "gateway/message.hpp"
#include "gateway/refused.hpp"
#include "gateway/upstream.hpp"

namespace durward::gateway {

/// The life of one exchange, from its head to its last byte. One per loop; exchanges of one loop interleave.
class Pipeline {
 public:
  explicit Pipeline(Loop& loop);
  /// Answers the request whose head x.downstream has read, and records it: exactly one answer, whatever happens.
  Task<> serve(Exchange& x);
  /// Refuses what could not be read as a request.
  Task<> refuse_exchange(Exchange& x, const Refused& refused);

 private:
  Task<Served> run(Exchange& x);
  Task<Served> after_keys(Exchange& x, Authenticator::Wait wait);
  Task<Served> serve_known(Exchange& x);
  Task<Served> post(Exchange& x);
  Task<Served> post_later(Exchange& x);
  Task<Served> take(Exchange& x);
  Task<Served> single(Exchange& x, json::Document document);
  Task<Served> batch(Exchange& x, json::Document document);
  Task<Served> open_stream(Exchange& x);
  Task<Served> end_session(Exchange& x);
  Task<Refused> recorded(Exchange& x, Refused refused, const Message& message);
  policy::Outcome<policy::Cleared, Refused> clear(const Exchange& x, const Message& message) const;
  static bool asks_for_tools(const Exchange& x, const Message& message);
  Task<> know_tools(Exchange& x, const std::string& tool);
  Task<> refuse_batch(Exchange& x, const std::vector<Message>& messages, std::vector<std::optional<Refused>>& refused);
  Loop& loop_;
  Recorder recorder_;
};

}  // namespace durward::gateway
