#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "gateway/asio.hpp"
#include "gateway/channel.hpp"
#include "gateway/read_buffer.hpp"

namespace durward::gateway {

/// The receiving half of a connection: one read that may stay pending while an answer is written, so that a hang-up is seen at
/// once and the next request needs no read of its own. Bound to the connection's loop.
class Intake : public std::enable_shared_from_this<Intake> {
 public:
  explicit Intake(Channel& socket) : socket_(&socket) {}
  /// The connection goes: nothing is read any more. Must be called before.
  void detach();

  ReadBuffer unread;  // received and not yet parsed
  bool reading() const { return reading_; }
  /// Whether a read has ended since result() was last asked.
  bool news() const { return news_; }
  /// Waits for the end of a read, begun now if none is under way. Not while there is news.
  Task<> wait();
  /// How the last read ended: well, or the connection has failed, been cancelled, or been closed by the peer.
  error_code result();
  /// Reads on: on_gone is called once, on the loop, if the connection ends before unwatch(). What comes meanwhile waits in
  /// unread, up to most bytes.
  void watch(std::function<void()> on_gone, std::size_t most);
  void unwatch() { on_gone_ = nullptr; }
  bool hung_up() const { return hung_up_; }  // while it was watched

 private:
  using Waiter = asio::async_result<asio::use_awaitable_t<Executor>, void()>::handler_type;
  /// The handler of a read. One that is dropped, since its loop ends, drops whoever waits for it.
  class Ended;
  void start();
  void ended(error_code ec, std::size_t got);

  Channel* socket_;
  bool reading_ = false;
  bool hung_up_ = false;
  bool news_ = false;
  error_code result_;
  std::optional<Waiter> waiter_;
  std::function<void()> on_gone_;
  std::size_t most_ = 0;
};

}  // namespace durward::gateway
