#include "gateway/intake.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "gateway/listener.hpp"
#include "gateway/services.hpp"

using namespace durward::gateway;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kMost = 16 << 10;  // as limits.header_bytes, which is what a watched connection reads ahead

/// The gateway's end of a connection, and the caller's.
struct Line {
  asio::io_context io{1};
  Channel channel{io.get_executor()};
  Socket& socket = channel.socket();
  tcp::socket caller{io};
  std::shared_ptr<Intake> intake = std::make_shared<Intake>(channel);

  Line() {
    tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    caller.connect(acceptor.local_endpoint());
    acceptor.accept(socket);
  }
  ~Line() { intake->detach(); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// Runs the loop until the condition holds: false if nothing is left that could bring it about.
  bool until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!holds() && std::chrono::steady_clock::now() < end) {
      io.restart();
      if (io.run_one_until(end) == 0) break;
    }
    return holds();
  }
};

std::string counted(const char* address) { return counted_address(asio::ip::make_address(address)); }

}  // namespace

TEST_CASE("a hang-up is seen behind a whole request of header size that came while the one before was answered") {
  Line line;
  bool first_gone = false, second_gone = false;
  line.intake->watch([&] { first_gone = true; }, kMost);
  asio::write(line.caller, asio::buffer(std::string(kMost, 'x')));
  REQUIRE(line.until([&] { return line.intake->unread.size() == kMost; }));
  REQUIRE_FALSE(line.intake->reading());  // it holds as much as it may
  line.intake->unwatch();
  line.intake->unread.consume(kMost);  // the second request, taken without a wait
  line.intake->watch([&] { second_gone = true; }, kMost);
  CHECK_FALSE(second_gone);
  line.caller.close();
  CHECK(line.until([&] { return second_gone; }));
  CHECK(line.intake->hung_up());
  CHECK_FALSE(first_gone);
}

TEST_CASE("a hang-up that came while nobody watched is seen by the next who does") {
  Line line;
  bool first_gone = false, second_gone = false;
  line.intake->watch([&] { first_gone = true; }, kMost);
  REQUIRE(line.intake->reading());
  line.intake->unwatch();
  line.caller.close();
  REQUIRE(line.until([&] { return line.intake->news(); }));
  line.intake->watch([&] { second_gone = true; }, kMost);
  CHECK(second_gone);
  CHECK(line.intake->hung_up());
  CHECK_FALSE(first_gone);
}

TEST_CASE("what comes while an exchange is watched is kept, and is no hang-up") {
  Line line;
  bool gone = false;
  line.intake->watch([&] { gone = true; }, kMost);
  asio::write(line.caller, asio::buffer(std::string("GET / HTTP/1.1\r\n")));
  REQUIRE(line.until([&] { return line.intake->unread.size() == 16; }));
  CHECK(line.intake->reading());
  CHECK_FALSE(gone);
  CHECK(line.intake->unread.unread() == "GET / HTTP/1.1\r\n");
}

TEST_CASE("an IPv4 address counts as itself, also where it comes as IPv6") {
  CHECK(counted("192.0.2.7") == "192.0.2.7");
  CHECK(counted("::ffff:192.0.2.7") == "192.0.2.7");
  CHECK(counted("192.0.2.7") != counted("192.0.2.8"));
}

TEST_CASE("an IPv6 address counts as its /64, whatever interface it comes by") {
  CHECK(counted("2001:db8::1") == "2001:db8::/64");
  CHECK(counted("2001:db8:0:0:ffff:ffff:ffff:ffff") == counted("2001:db8::1"));
  CHECK(counted("2001:db8:0:1::1") == "2001:db8:0:1::/64");
  CHECK(counted("2001:db8:0:1::1") != counted("2001:db8::1"));
  CHECK(counted("fe80::1%1") == counted("fe80::2"));
  CHECK(counted("::1") == "::/64");
}

TEST_CASE("addresses of one /64 share its connections and its bytes, and those of the next have their own") {
  Doormen doormen(2, 10, 100);
  Buffered* const here = doormen.enter(counted("2001:db8::1"));
  REQUIRE(here != nullptr);
  CHECK(doormen.enter(counted("2001:db8::2")) == here);
  CHECK(doormen.enter(counted("2001:db8::3")) == nullptr);
  Buffered* const next = doormen.enter(counted("2001:db8:0:1::1"));
  REQUIRE(next != nullptr);
  CHECK(next != here);
  doormen.leave(counted("2001:db8::2"));
  CHECK(doormen.enter(counted("2001:db8::3")) == here);
}
