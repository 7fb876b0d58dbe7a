#include "gateway/egress.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <optional>

using namespace durward::gateway;
using namespace durward;
using namespace std::chrono_literals;
using Answer = policy::Outcome<Resolver::Endpoints>;

namespace {

/// A resolver whose lookups the test answers, or does not.
struct Fixture {
  asio::io_context io;
  std::vector<Resolver::Found> asked;
  Resolver resolver{io.get_executor(), [this](const std::string&, const std::string&, Resolver::Found found) {
                      asked.push_back(std::move(found));
                    }};
  const config::Url url{"http", "tools.example.com", 80, "/"};

  /// Runs what is ready.
  void turn() {
    io.restart();
    io.poll();
  }
  struct Asker {
    std::optional<Answer> answer;
    Timer* waiting = nullptr;
  };
  void ask(Asker& asker, Clock::duration budget = 1h) {
    asio::co_spawn(io.get_executor(), run(asker, url, Clock::now() + budget), asio::detached);
    turn();
  }
  Task<> run(Asker& asker, config::Url asked_url, Clock::time_point until) {
    asker.answer.emplace(co_await resolver.find(asked_url, until, asker.waiting));
  }
};

Resolver::Endpoints one_address() { return {tcp::endpoint(asio::ip::make_address("192.0.2.1"), 80)}; }

}  // namespace

TEST_CASE("a name is looked up once for all who wait for it, and remembered") {
  Fixture f;
  Fixture::Asker first, second, third;
  f.ask(first);
  f.ask(second);
  CHECK_FALSE(first.answer);
  REQUIRE(f.asked.size() == 1);
  f.asked[0]({}, one_address());
  f.turn();
  REQUIRE(first.answer);
  REQUIRE(second.answer);
  CHECK(**first.answer == one_address());
  CHECK(**second.answer == one_address());
  f.ask(third);
  REQUIRE(third.answer);
  CHECK(**third.answer == one_address());
  CHECK(f.asked.size() == 1);
}

TEST_CASE("an address needs no lookup") {
  Fixture f;
  Fixture::Asker asker;
  asio::co_spawn(f.io.get_executor(), f.run(asker, {"http", "::1", 8080, "/"}, Clock::now()), asio::detached);
  f.turn();
  REQUIRE(asker.answer);
  CHECK((**asker.answer)[0].port() == 8080);
  CHECK(f.asked.empty());
}

TEST_CASE("a lookup that is never answered holds nobody for longer than their budget, and is not begun twice") {
  Fixture f;
  Fixture::Asker late, cancelled, patient;
  f.ask(cancelled);
  REQUIRE(cancelled.waiting != nullptr);
  cancelled.waiting->cancel();
  f.turn();
  REQUIRE(cancelled.answer);
  CHECK(cancelled.answer->error().reason == policy::Reason::upstream_timeout);
  CHECK(cancelled.waiting == nullptr);
  f.ask(late, -1s);
  f.turn();
  REQUIRE(late.answer);
  CHECK(late.answer->error().reason == policy::Reason::upstream_timeout);
  f.ask(patient);
  CHECK(f.asked.size() == 1);
  f.asked[0]({}, one_address());
  f.turn();
  REQUIRE(patient.answer);
  CHECK(**patient.answer == one_address());
}

TEST_CASE("a lookup that fails is upstream_unreachable, and is tried again by the next who asks") {
  Fixture f;
  Fixture::Asker asker, again;
  f.ask(asker);
  f.asked[0](asio::error::host_not_found, {});
  f.turn();
  REQUIRE(asker.answer);
  CHECK(asker.answer->error().reason == policy::Reason::upstream_unreachable);
  f.ask(again);
  REQUIRE(f.asked.size() == 2);
  f.asked[1]({}, one_address());
  f.turn();
  REQUIRE(again.answer);
  CHECK(**again.answer == one_address());
}

namespace {

/// A loop with its second door, and a host behind it that answers each request with fixed bytes, or with none.
class Peer {
 public:
  using Answered = policy::Outcome<EgressAnswer>;
  explicit Peer(std::string answer) : answer_(std::move(answer)) {
    acceptor_.set_option(asio::socket_base::reuse_address(true));
    acceptor_.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    acceptor_.listen();
    request.url = {"http", "127.0.0.1", acceptor_.local_endpoint().port(), "/token"};
    now.destinations = Destinations({request.url});
    deadlines_.start();
    asio::co_spawn(io_.get_executor(), serve(), asio::detached);
  }
  ~Peer() {
    egress.cancel(true);
    deadlines_.stop();
    error_code ignored;
    acceptor_.close(ignored);
    for (Socket* socket : open_) socket->close(ignored);
    io_.restart();
    io_.run_for(10s);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// Asks, and runs the loop until there is an answer.
  Answered fetch() {
    std::optional<Answered> got;
    begin(got);
    until([&got] { return got.has_value(); });
    return std::move(got).value();
  }
  void begin(std::optional<Answered>& got) { asio::co_spawn(io_.get_executor(), ask(got), asio::detached); }
  void until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    io_.restart();
    while (!holds() && std::chrono::steady_clock::now() < end) io_.run_one_until(end);
    REQUIRE(holds());
  }

 private:
  asio::io_context io_{1};
  Deadlines deadlines_{io_.get_executor()};
  Resolver resolver_{io_.get_executor()};
  Acceptor acceptor_{io_.get_executor(), tcp::v4()};
  std::string answer_;
  std::set<Socket*> open_;

 public:
  std::string heard;  // of the last request
  unsigned connections = 0;
  Snapshot now{config::Settings(), nullptr, Doorplate(config::Listen(), 1)};
  EgressRequest request;
  Cap cap{1};
  Egress egress{io_.get_executor(), deadlines_, resolver_, cap};

 private:
  Task<> ask(std::optional<Answered>& got) {
    auto snapshot = std::make_shared<const Snapshot>(now);
    got.emplace(co_await egress.fetch(snapshot, request));
  }
  Task<> serve() {
    for (;;) {
      error_code ec;
      Socket socket(io_.get_executor());
      co_await acceptor_.async_accept(socket, into(ec));
      if (ec) co_return;
      asio::co_spawn(io_.get_executor(), talk(std::move(socket)), asio::detached);
    }
  }
  Task<> talk(Socket socket) {
    ++connections;
    open_.insert(&socket);
    heard.clear();
    std::array<char, 4096> bytes{};
    error_code ec;
    while (!ec && (heard.find("\r\n\r\n") == std::string::npos || !heard.ends_with(request.body))) {
      const std::size_t got = co_await socket.async_read_some(asio::buffer(bytes), into(ec));
      heard.append(bytes.data(), got);
    }
    if (!answer_.empty()) {
      co_await asio::async_write(socket, asio::buffer(answer_), into(ec));
      socket.shutdown(tcp::socket::shutdown_send, ec);
    }
    ec = {};
    while (!ec) co_await socket.async_read_some(asio::buffer(bytes), into(ec));
    open_.erase(&socket);
  }
};

void check_failure(const Peer::Answered& answered, policy::Reason reason, const std::string& detail) {
  REQUIRE_FALSE(answered);
  CHECK(answered.error().reason == reason);
  CHECK(answered.error().detail.find(detail) != std::string::npos);
}

}  // namespace

TEST_CASE("egress sends one request and reads one answer, with or without a length") {
  for (const std::string framing : {"Content-Length: 7\r\n", "Connection: close\r\n", "Transfer-Encoding: chunked\r\n"}) {
    const bool chunked = framing.starts_with("Transfer");
    Peer peer("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n" + framing +
              (chunked ? "\r\n7\r\n{\"a\":1}\r\n0\r\n\r\n" : "\r\n{\"a\":1}"));
    peer.request.method = "POST";
    peer.request.query = "a=b";
    peer.request.headers.add("accept", "application/json");
    peer.request.body = "grant_type=x";
    const auto answered = peer.fetch();
    REQUIRE(answered);
    CHECK(answered->status() == 200);
    CHECK(answered->media() == "application/json");
    CHECK(answered->body() == "{\"a\":1}");
    CHECK(peer.heard.starts_with("POST /token?a=b HTTP/1.1\r\nHost: 127.0.0.1:"));
    CHECK(peer.heard.find("\r\naccept: application/json\r\naccept-encoding: identity\r\nconnection: close\r\n") !=
          std::string::npos);
    CHECK(peer.heard.ends_with("\r\nContent-Length: 12\r\n\r\ngrant_type=x"));
    CHECK(peer.cap.used() == 0);
  }
}

TEST_CASE("egress asks nobody whom the configuration does not name") {
  Peer peer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const config::Url named = peer.request.url;
  peer.request.url.host = "localhost";
  check_failure(peer.fetch(), policy::Reason::internal, "does not name");
  peer.request.url = named;
  ++peer.request.url.port;
  check_failure(peer.fetch(), policy::Reason::internal, "does not name");
  peer.request.url = named;
  peer.request.url.scheme = "https";
  check_failure(peer.fetch(), policy::Reason::internal, "does not name");
  CHECK(peer.connections == 0);
  peer.request.url = named;
  peer.request.url.path = "/elsewhere";
  CHECK(peer.fetch());
}

TEST_CASE("a redirect is an answer, and nothing follows it") {
  Peer peer("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n");
  const auto answered = peer.fetch();
  REQUIRE(answered);
  CHECK(answered->status() == 302);
  CHECK(peer.connections == 1);
}

TEST_CASE("an answer that is too long, cut off, coded, or no HTTP that reads in one way is upstream_failed") {
  const std::pair<std::string, std::string> cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n" + std::string(65537, 'x'), "more than 65536 bytes"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n12345678", "before the end"},
      {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", "coded"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\nTransfer-Encoding: chunked\r\n\r\nxx", "not HTTP"},
      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "interim"},
      {"SSH-2.0-x\r\n\r\n", ""},
  };
  for (const auto& [answer, detail] : cases) {
    Peer peer(answer);
    check_failure(peer.fetch(), policy::Reason::upstream_failed, detail);
  }
  std::string interims;
  for (int i = 0; i < 17; ++i) interims += "HTTP/1.1 102 Processing\r\n\r\n";
  Peer peer(interims);
  check_failure(peer.fetch(), policy::Reason::upstream_failed, "interim");
}

TEST_CASE("what egress waits for has an end: its time, the cap, or that it is given up") {
  Peer peer("");
  peer.request.within = 60ms;
  check_failure(peer.fetch(), policy::Reason::upstream_timeout, "no answer in time");
  peer.request.within = 1h;
  std::optional<Peer::Answered> first;
  peer.begin(first);
  peer.until([&] { return !peer.heard.empty(); });
  check_failure(peer.fetch(), policy::Reason::overloaded, "too many");
  peer.egress.cancel(false);
  CHECK_FALSE(first);
  peer.egress.cancel(true);
  peer.until([&] { return first.has_value(); });
  check_failure(*first, policy::Reason::draining, "given up");
  peer.request.background = true;
  first.reset();
  peer.begin(first);
  peer.until([&] { return peer.cap.used() == 1; });
  peer.egress.cancel(false);
  peer.until([&] { return first.has_value(); });
  check_failure(*first, policy::Reason::draining, "given up");
  CHECK(peer.cap.used() == 0);
}

TEST_CASE("a host that refuses the connection is upstream_unreachable") {
  Peer peer("x");
  asio::io_context io;
  tcp::acceptor taken(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  peer.request.url.port = taken.local_endpoint().port();
  taken.close();
  peer.now.destinations = Destinations({peer.request.url});
  check_failure(peer.fetch(), policy::Reason::upstream_unreachable, "127.0.0.1:");
}
