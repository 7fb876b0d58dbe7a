#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/asio.hpp"
#include "gateway/channel.hpp"
#include "gateway/deadline.hpp"
#include "gateway/http.hpp"
#include "gateway/intake.hpp"
#include "gateway/services.hpp"
#include "gateway/soon.hpp"
#include "gateway/tls_server.hpp"

namespace durward::gateway {

/// The caller's side of one connection: reads requests within their limits, writes answers, and tells when the caller
/// hung up. Bound to its loop.
class Downstream {
 public:
  /// now: where the snapshot in force stands, on this loop; it outlives the connection. Each request keeps the one that is
  /// there when its first byte comes, and a connection that waits for a request keeps none.
  Downstream(Channel socket, Deadlines& deadlines, const std::shared_ptr<const Snapshot>& now);
  ~Downstream() { intake_->detach(); }
  Downstream(const Downstream&) = delete;
  Downstream& operator=(const Downstream&) = delete;

  /// TLS before anything else, within most. Errors: timed_out, the socket's, or why there is no TLS; then the caller has been
  /// told as far as TLS tells, and there is nothing to read or write any more. tickets outlives the connection.
  Task<error_code> secure(std::shared_ptr<const TlsServer> tls, TicketKeys& tickets, Clock::duration most);
  /// After secure(); null: the connection is plain.
  const TlsStream* tls() const { return socket_.tls(); }

  /// Waits for the next request's head. Error: what to refuse with, or client_gone when there is nobody to answer.
  Task<policy::Outcome<void>> read_head();
  const Head& head() const { return parser_.head; }
  /// Takes in what has come of the payload: whether that is all of it. Errors as read_body.
  policy::Outcome<bool> body_is_here(Held& held);
  std::string take_body() { return std::move(parser_.body); }
  /// The payload, within limits.body_bytes and limits.body_rate, counted in held.
  Task<policy::Outcome<void>> read_body(Held& held);
  /// Whether the connection can carry another request after this answer. A body that was not read to its end ends it.
  bool reusable() const;
  /// Whether the last answer told the caller that another request may follow: then one must be waited for, a drain that began
  /// in between notwithstanding, since it may already be on its way.
  bool promised() const;
  bool idle() const { return idle_; }
  void close_after_this() { closing_ = true; }
  /// Like close_after_this, but a connection that waits for a request gets a moment for one that is already on its way.
  void drain();

  /// A whole answer. False: the caller is gone.
  Soon<bool> respond(unsigned status, const Headers& headers, std::string_view body);
  /// The head of a chunked answer, its parts, and its end.
  Soon<bool> begin(unsigned status, const Headers& headers);
  Soon<bool> send(std::string_view bytes);
  Soon<bool> finish();
  /// After the last answer: takes in, for a moment and without keeping it, what the caller is still sending, so that closing
  /// does not reset the connection before the caller has read the answer.
  Task<> linger();
  /// Ends the connection without an end of the answer, so that the caller sees a broken stream.
  void abort();
  bool began() const { return began_; }
  bool gone() const { return gone_ || intake_->hung_up(); }
  /// The time that reading bodies and sending answers has taken, over all requests of the connection.
  Clock::duration waited() const { return waited_; }

  /// Calls on_gone once, on the loop, if the caller closes the connection before unwatch().
  void watch(std::function<void()> on_gone);
  void unwatch();

 private:
  void rest();
  Task<> see_off();
  error_code received();
  ReadBuffer& unread() { return intake_->unread; }
  policy::Outcome<bool> take_payload(Held& held);
  Soon<bool> write(std::string first, std::string_view second = {}, std::string_view third = {});
  Task<bool> write_rest(std::string first, std::string_view second, std::string_view third, std::size_t done);
  Channel socket_;
  const config::Limits& limits() const { return request_->settings.limits; }
  const std::shared_ptr<const Snapshot>& now_;
  std::shared_ptr<const Snapshot> request_;  // the one that the request under way began with
  RequestParser parser_;
  const std::shared_ptr<Intake> intake_;
  Deadline deadline_;
  Clock::duration waited_{};
  bool securing_ = false, idle_ = false, closing_ = false, promised_ = false, began_ = false, gone_ = false, writing_ = false;
};

}  // namespace durward::gateway
