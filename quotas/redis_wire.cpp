#include "quotas/redis_wire.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace durward::quotas {
namespace {

using policy::Outcome;
using tcp = asio::ip::tcp;

auto into(error_code& ec) { return asio::redirect_error(asio::use_awaitable_t<RedisWire::Executor>(), ec); }

Outcome<void, std::string> failed(const char* what, const error_code& ec) { return std::string(what) + ": " + ec.message(); }

}  // namespace

RedisWire::Task<Outcome<void, std::string>> RedisWire::open(const RedisSetup& setup, asio::ssl::context* tls) {
  auto connected = co_await connect(setup);
  if (!connected || tls == nullptr) co_return connected;
  auto secured = co_await secure(setup, *tls);
  co_return secured;
}

RedisWire::Task<Outcome<void, std::string>> RedisWire::connect(const RedisSetup& setup) {
  if (!setup.host.empty()) {
    auto connected = co_await connect_host(setup);
    co_return connected;
  }
  error_code ec;
  const asio::local::stream_protocol::endpoint local(setup.path);
  co_await socket_.async_connect(Socket::endpoint_type(local), into(ec));
  if (ec) co_return failed("the socket cannot be reached", ec);
  co_return Outcome<void, std::string>();
}

RedisWire::Task<Outcome<void, std::string>> RedisWire::connect_host(const RedisSetup& setup) {
  error_code ec;
  asio::ip::basic_resolver<tcp, Executor> resolver(socket_.get_executor());
  const std::string port = std::to_string(setup.port);
  const auto found = co_await resolver.async_resolve(setup.host, port, into(ec));
  if (ec) co_return failed("its host has no address", ec);
  for (const auto& each : found) {
    error_code ignored;
    socket_.close(ignored);
    const tcp::endpoint endpoint = each.endpoint();
    co_await socket_.async_connect(Socket::endpoint_type(endpoint), into(ec));
    if (!ec) break;
  }
  if (ec) co_return failed("it cannot be reached", ec);
  socket_.set_option(tcp::no_delay(true), ec);
  socket_.set_option(asio::socket_base::keep_alive(true), ec);
  co_return Outcome<void, std::string>();
}

RedisWire::Task<Outcome<void, std::string>> RedisWire::secure(const RedisSetup& setup, asio::ssl::context& context) {
  error_code ec;
  tls_.emplace(socket_, context);
  tls_->set_verify_callback(asio::ssl::host_name_verification(setup.host), ec);
  // RFC 6066 section 3: an address is no name to ask for.
  error_code no_address;
  asio::ip::make_address(setup.host, no_address);
  std::string name = setup.host;
  if (no_address) SSL_ctrl(tls_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  if (!ec) co_await tls_->async_handshake(asio::ssl::stream_base::client, into(ec));
  if (ec) co_return failed("TLS fails", ec);
  co_return Outcome<void, std::string>();
}

void RedisWire::cut() {
  error_code ignored;
  socket_.close(ignored);
}

RedisWire::Task<std::size_t> RedisWire::read_some(asio::mutable_buffer to, error_code& ec) {
  std::size_t count = 0;
  if (tls_)
    count = co_await tls_->async_read_some(to, into(ec));
  else
    count = co_await socket_.async_read_some(to, into(ec));
  co_return count;
}

RedisWire::Task<void> RedisWire::write(asio::const_buffer from, error_code& ec) {
  if (tls_)
    co_await asio::async_write(*tls_, from, into(ec));
  else
    co_await asio::async_write(socket_, from, into(ec));
}

Outcome<std::unique_ptr<asio::ssl::context>, std::string> tls_context(const RedisSetup& setup) {
  auto out = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(out->native_handle(), TLS1_2_VERSION);
  out->set_verify_mode(asio::ssl::verify_peer);
  error_code ec;
  const RedisSetup::Tls& tls = *setup.tls;
  if (tls.ca.empty())
    out->set_default_verify_paths(ec);
  else
    out->load_verify_file(tls.ca, ec);
  if (ec) return std::string("the authorities for Redis cannot be read: ") + ec.message();
  if (!tls.cert.empty()) {
    out->use_certificate_chain_file(tls.cert, ec);
    if (!ec) out->use_private_key_file(tls.key, asio::ssl::context::pem, ec);
    if (ec) return std::string("the certificate for Redis cannot be used: ") + ec.message();
  }
  return out;
}

}  // namespace durward::quotas
