#include "gateway/listener.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "gateway/services.hpp"

using namespace durward::gateway;

namespace {
std::string counted(const char* address) { return counted_address(asio::ip::make_address(address)); }
}  // namespace

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
