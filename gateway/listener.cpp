#include "gateway/listener.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "gateway/connection.hpp"
#include "gateway/refusal.hpp"
#include "gateway/stranger.hpp"

namespace durward::gateway {

namespace {

using Bound = policy::Outcome<void, std::string>;

std::string not_bound(const std::string& address, std::uint16_t port, error_code ec) {
  return "cannot listen on " + address + ":" + std::to_string(port) + ": " + ec.message();
}

error_code bind_socket(Acceptor& acceptor, const std::string& address, std::uint16_t port, bool share) {
  error_code ec;
  const asio::ip::address ip = asio::ip::make_address(address, ec);
  const tcp::endpoint endpoint(ip, port);
  if (!ec) acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  const int on = 1;
  if (!ec && share && ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
    ec.assign(errno, boost::system::system_category());
  if (!ec) acceptor.bind(endpoint, ec);
  return ec;
}

void send_refusal(Socket& socket) {
  RefusalContext context;
  context.reason = policy::Reason::too_many_connections;
  const Refusal refusal = refuse(context);
  Headers headers;
  headers.add(refusal.headers);
  const std::string answer = response_head(refusal.http, headers, false, refusal.body.size(), false) + refusal.body;
  error_code ignored;
  socket.send(asio::buffer(answer), MSG_DONTWAIT, ignored);  // a fresh socket has room for it; if not, closing says enough
}

Task<> serve_connection(std::unique_ptr<Connection> connection) {
  try {
    co_await connection->run();
  } catch (const std::exception&) {
    // run() answers its own failures; what is left is memory, and then this one connection goes.
  }
}

}  // namespace

policy::Outcome<std::uint16_t, std::string> probe_port(const std::string& address, std::uint16_t port) {
  asio::io_context io;
  Acceptor acceptor(io.get_executor());
  error_code ec = bind_socket(acceptor, address, port, false);
  if (ec) return not_bound(address, port, ec);
  const tcp::endpoint local = acceptor.local_endpoint(ec);
  if (ec) return "cannot listen on " + address + ": " + ec.message();
  return local.port();
}

policy::Outcome<bool, std::string> port_free(const std::string& address, std::uint16_t port) {
  asio::io_context io;
  Acceptor acceptor(io.get_executor());
  const error_code ec = bind_socket(acceptor, address, port, false);
  if (ec && ec != asio::error::address_in_use) return not_bound(address, port, ec);
  return !ec;
}

Bound Listener::open(const std::string& address, std::uint16_t port) { return open_acceptor(acceptor_, address, port); }

Bound open_acceptor(Acceptor& acceptor, const std::string& address, std::uint16_t port) {
  error_code ec = bind_socket(acceptor, address, port, true);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (!ec) acceptor.non_blocking(true, ec);
  if (ec) return not_bound(address, port, ec);
  return {};
}

void Listener::start() { asio::co_spawn(loop_.io.get_executor(), accept(), asio::detached); }

Task<> Listener::accept() {
  Timer pause(loop_.io.get_executor());
  while (acceptor_.is_open()) {
    error_code ec;
    Socket socket(loop_.io.get_executor());
    co_await acceptor_.async_accept(socket, into(ec));
    if (!ec) {
      try {
        welcome(std::move(socket));
      } catch (const std::exception&) {
        // No memory for this connection: it closes, and the next one is accepted.
      }
    } else if (acceptor_.is_open()) {
      // Out of descriptors, most likely: wait for some to come back instead of spinning.
      pause.expires_after(std::chrono::milliseconds(20));
      co_await pause.async_wait(into(ec));
    }
  }
}

void Listener::welcome(Socket socket) {
  error_code ec;
  const tcp::endpoint peer = socket.remote_endpoint(ec);
  if (ec) return;
  const std::string address = counted_address(peer.address());
  const bool tls = loop_.now->tls->listen != nullptr;
  Buffered* const of_address = loop_.services.doormen.enter(address);
  if (!of_address) {
    refuse_connection(loop_.services, address);
    if (!tls) send_refusal(socket);
    return;
  }
  if (tls && !loop_.services.handshakes.admit(Handshakes::Listener::data, address, loop_.now->settings.limits, Clock::now()))
    return loop_.services.doormen.leave(address);
  auto connection = std::make_unique<Connection>(loop_, pipeline_, std::move(socket), address, *of_address);
  asio::co_spawn(loop_.io.get_executor(), serve_connection(std::move(connection)), asio::detached);
}

void Listener::drain() {
  error_code ec;
  for (;;) {
    Socket socket(loop_.io.get_executor());
    acceptor_.accept(socket, ec);
    if (ec) break;
    welcome(std::move(socket));
  }
  acceptor_.close(ec);
}

std::string counted_address(const asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const asio::ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
  asio::ip::address_v6::bytes_type bytes = v6.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return asio::ip::address_v6(bytes).to_string() + "/64";
}

}  // namespace durward::gateway
