#pragma once
#include <array>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <string_view>
#include <utility>

#include "gateway/asio.hpp"
#include "gateway/tls_stream.hpp"

namespace durward::gateway {

/// A connection: a plain socket, or TLS over one. What it reads and writes is the payload; a socket's errors are passed on, the
/// end of a stream is asio::error::eof only where nobody on the way can have cut it (TLS's close_notify), else an error. One
/// read and one write may be under way at a time. Bound to its loop; not moved once it is used.
class Channel {
 public:
  using executor_type = Executor;
  explicit Channel(Executor executor) : socket_(executor) {}
  explicit Channel(Socket socket) : socket_(std::move(socket)) {}
  Channel(Channel&&) noexcept = default;
  Channel& operator=(Channel&&) = delete;
  /// Tells the peer of the end, if nothing is broken and cut() was not called.
  ~Channel() {
    if (tls_) leave(true);
  }

  /// From now on TLS, over what is a connected, tuned socket.
  void secure(std::unique_ptr<TlsStream> tls) { tls_ = std::move(tls); }
  /// TLS's first exchange, before anything else; cut() ends it.
  Task<error_code> handshake();
  /// The TLS of the connection; null: it is plain.
  const TlsStream* tls() const { return tls_.get(); }

  Socket& socket() { return socket_; }
  Executor get_executor() { return socket_.get_executor(); }

  template <class Token>
  auto async_read_some(asio::mutable_buffer to, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(Read(), token, this, to);
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& from, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(Write(), token, this, from);
  }
  /// What is taken at once; the error is would_block if that is nothing.
  template <class Buffers>
  std::size_t write_some(const Buffers& from, error_code& ec) {
    if (!tls_) return socket_.write_some(from, ec);
    return now(tls_->write(pieces(from)), ec);
  }

  /// Ends what is under way: it fails with operation_aborted.
  void cancel() {
    error_code ignored;
    socket_.cancel(ignored);
  }
  /// Ends the connection, without a word to the peer.
  void cut() {
    if (tls_) leave(false);
    error_code ignored;
    socket_.close(ignored);
  }
  /// Nothing more will be sent, and the peer is told.
  void finish(error_code& ec) {
    if (tls_) tls_->goodbye();
    socket_.shutdown(tcp::socket::shutdown_send, ec);
  }
  /// Whether a connection that nothing is asked of is as it should be: nothing has come, and the peer is there.
  bool quiet();

 private:
  using Status = TlsStep::Status;
  using Pieces = std::array<std::string_view, 16>;  // as many as asio::async_write takes at a time

  template <class Buffers>
  static Pieces pieces(const Buffers& buffers) {
    Pieces out;
    std::size_t count = 0;
    for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers) && count < out.size(); ++at) {
      const asio::const_buffer one = *at;
      out[count++] = {static_cast<const char*>(one.data()), one.size()};
    }
    return out;
  }
  static std::size_t now(const TlsStep& step, error_code& ec);
  static Socket::wait_type waits_for(Status status) {
    return status == Status::wants_write ? Socket::wait_write : Socket::wait_read;
  }
  void leave(bool clean);

  /// A read or write over TLS as an asynchronous operation: tries, and tries again whenever the socket is ready. It keeps the
  /// TlsStream, which fails once the Channel has gone, so that the socket is touched only while it is there.
  template <class Try, class Handler>
  class Operation {
   public:
    using executor_type = asio::associated_executor_t<Handler, Executor>;
    Operation(Channel& channel, Try attempt, Handler handler)
        : socket_(&channel.socket_), tls_(channel.tls_), attempt_(std::move(attempt)), handler_(std::move(handler)) {}
    executor_type get_executor() const { return asio::get_associated_executor(handler_, Executor(tls_executor())); }
    Executor tls_executor() const { return socket_executor_; }

    void start(bool idle) {
      TlsStep step{Status::wants_read};
      if (!idle) step = attempt_(*tls_);
      if (step.waits()) return wait(step.status);
      error_code ec;
      const std::size_t count = now(step, ec);
      auto executor = get_executor();
      asio::post(executor, [handler = std::move(handler_), ec, count]() mutable { std::move(handler)(ec, count); });
    }
    void operator()(error_code ec) {
      if (ec) return std::move(handler_)(ec, 0);
      const TlsStep step = attempt_(*tls_);
      if (step.waits()) return wait(step.status);
      const std::size_t count = now(step, ec);
      std::move(handler_)(ec, count);
    }

   private:
    void wait(Status status) { socket_->async_wait(waits_for(status), std::move(*this)); }
    Socket* socket_;
    Executor socket_executor_ = socket_->get_executor();
    std::shared_ptr<TlsStream> tls_;
    Try attempt_;
    Handler handler_;
  };

  struct Read {
    template <class Handler>
    void operator()(Handler handler, Channel* channel, asio::mutable_buffer to) const {
      if (!channel->tls_) return channel->socket_.async_read_some(to, std::move(handler));
      auto attempt = [to](TlsStream& tls) { return tls.read({static_cast<char*>(to.data()), to.size()}); };
      Operation<decltype(attempt), Handler> operation(*channel, attempt, std::move(handler));
      operation.start(channel->tls_->drained());
    }
  };
  struct Write {
    template <class Handler, class Buffers>
    void operator()(Handler handler, Channel* channel, const Buffers& from) const {
      if (!channel->tls_) return channel->socket_.async_write_some(from, std::move(handler));
      auto attempt = [all = pieces(from)](TlsStream& tls) { return tls.write(all); };
      Operation<decltype(attempt), Handler> operation(*channel, attempt, std::move(handler));
      operation.start(false);
    }
  };

  Socket socket_;
  std::shared_ptr<TlsStream> tls_;
};

}  // namespace durward::gateway
