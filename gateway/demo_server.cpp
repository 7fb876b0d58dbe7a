#include "gateway/demo_server.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <csignal>

#include "gateway/asio.hpp"
#include "gateway/demo_tools.hpp"

namespace durward::gateway {
namespace {

namespace http = boost::beast::http;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

constexpr std::uint64_t kBody = 1 << 20;
constexpr std::uint32_t kHeader = 16 << 10;

std::string_view header(const Request& request, const char* name) {
  const auto value = request[name];
  return {value.data(), value.size()};
}

/// A web page must not reach a server on loopback: neither with its own Origin nor by a name that resolves to it.
bool local(const Request& request, std::uint16_t port) {
  const std::string_view host = header(request, "host");
  return header(request, "origin").empty() &&
         (host == fmt::format("127.0.0.1:{}", port) || host == fmt::format("localhost:{}", port));
}

Response respond(const Request& request, std::uint16_t port, DemoTools& tools) {
  Response response(http::status::ok, request.version());
  response.keep_alive(request.keep_alive());
  response.set(http::field::content_type, "application/json");
  if (!local(request, port)) {
    response.result(http::status::forbidden);
  } else if (request.target() == "/calls" && request.method() == http::verb::get) {
    response.body() = tools.calls();
  } else if (request.target() != "/mcp") {
    response.result(http::status::not_found);
  } else if (request.method() != http::verb::post) {
    response.result(http::status::method_not_allowed);
    response.set(http::field::allow, "POST");
  } else {
    const DemoHeaders headers{header(request, "mcp-protocol-version"), header(request, "mcp-method"),
                              header(request, "mcp-name")};
    DemoAnswer answer = tools.answer(request.body(), headers);
    response.result(static_cast<unsigned>(answer.status));
    response.body() = std::move(answer.body);
  }
  if (response.body().empty()) response.erase(http::field::content_type);
  response.prepare_payload();
  return response;
}

Task<> converse(Socket socket, std::uint16_t port, DemoTools& tools) {
  boost::beast::flat_buffer buffer;
  error_code error;
  for (bool again = true; again;) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(kBody);
    parser.header_limit(kHeader);
    co_await http::async_read(socket, buffer, parser, asio::redirect_error(use_task, error));
    if (error) co_return;
    const Response response = respond(parser.get(), port, tools);
    co_await http::async_write(socket, response, asio::redirect_error(use_task, error));
    again = !error && response.keep_alive();
  }
}

Task<> accept(Acceptor& acceptor, std::uint16_t port, DemoTools& tools) {
  error_code error;
  for (;;) {
    Socket socket = co_await acceptor.async_accept(asio::redirect_error(use_task, error));
    if (error) continue;  // the peer hung up before it was accepted
    asio::co_spawn(acceptor.get_executor(), converse(std::move(socket), port, tools), asio::detached);
  }
}

}  // namespace

policy::Outcome<void, std::string> serve_demo(std::uint16_t port, const std::function<void(std::uint16_t)>& ready) {
  asio::io_context loop(1);
  DemoTools tools;
  error_code error;
  Acceptor acceptor(loop.get_executor());
  const tcp::endpoint wanted(asio::ip::address_v4::loopback(), port);
  acceptor.open(tcp::v4(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(wanted, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return fmt::format("cannot listen on 127.0.0.1:{}: {}", port, error.message());
  const std::uint16_t bound = acceptor.local_endpoint().port();

  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&loop](const error_code& /*cancelled*/, int /*signal*/) { loop.stop(); });
  asio::co_spawn(loop.get_executor(), accept(acceptor, bound, tools), asio::detached);
  ready(bound);
  loop.run();
  return {};
}

}  // namespace durward::gateway
