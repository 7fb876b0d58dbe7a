#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "policy/outcome.hpp"
#include "quotas/redis_setup.hpp"

namespace durward::quotas {

namespace asio = boost::asio;
using boost::system::error_code;

/// One connection to a Redis: TCP or a Unix socket, plain or TLS. Of one thread.
class RedisWire {
 public:
  using Executor = asio::io_context::executor_type;
  using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
  template <class T = void>
  using Task = asio::awaitable<T, Executor>;

  explicit RedisWire(Executor executor) : socket_(executor) {}

  /// Connects and shakes hands. The error is a sentence for the operator. tls: null: plain; it must outlive this.
  Task<policy::Outcome<void, std::string>> open(const RedisSetup& setup, asio::ssl::context* tls);
  /// Ends what is under way; the wire is not used again.
  void cut();

  Task<std::size_t> read_some(asio::mutable_buffer to, error_code& ec);
  Task<void> write(asio::const_buffer from, error_code& ec);

 private:
  Task<policy::Outcome<void, std::string>> connect(const RedisSetup& setup);
  Task<policy::Outcome<void, std::string>> connect_host(const RedisSetup& setup);
  Task<policy::Outcome<void, std::string>> secure(const RedisSetup& setup, asio::ssl::context& context);

  Socket socket_;
  std::optional<asio::ssl::stream<Socket&>> tls_;
};

/// What TLS connections of this setup share. An error: a file cannot be used.
policy::Outcome<std::unique_ptr<asio::ssl::context>, std::string> tls_context(const RedisSetup& setup);

}  // namespace durward::quotas
