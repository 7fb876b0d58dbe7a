#include "gateway/origin.hpp"

#include <catch2/catch.hpp>

using namespace durward;
using namespace durward::gateway;

namespace {

config::Listen listen(const char* address, std::vector<const char*> hosts = {}, std::vector<const char*> origins = {}) {
  config::Listen out;
  out.address.value = address;
  for (const char* host : hosts) out.hosts.push_back({host, {}});
  for (const char* origin : origins) out.cors_origins.push_back({origin, {}});
  return out;
}

std::string find(const Doorplate::Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("on loopback the local names with the bound port are ours, and nothing else") {
  const Doorplate door(listen("127.0.0.1"), 8088);
  for (const char* host : {"127.0.0.1:8088", "localhost:8088", "LocalHost:8088", "[::1]:8088"}) CHECK(door.host_allowed(host));
  for (const char* host : {"", "localhost", "localhost:8089", "evil.example", "evil.example:8088",
                           "localhost.evil.example:8088", "localhost:8088:8088", "127.0.0.1:8088@evil.example",
                           "localhost.:8088", "localhost:08088", "::1:8088", " localhost:8088"}) {
    CAPTURE(host);
    CHECK_FALSE(door.host_allowed(host));
  }
}

TEST_CASE("port 80 may be left out") {
  CHECK(Doorplate(listen("127.0.0.1"), 80).host_allowed("localhost"));
  CHECK(Doorplate(listen("127.0.0.1"), 80).host_allowed("localhost:80"));
}

TEST_CASE("configured hosts are ours, with or without the bound port where none is written") {
  const Doorplate door(listen("0.0.0.0", {"Gateway.example.com", "other.example.com:8443"}), 8088);
  for (const char* host : {"gateway.example.com", "GATEWAY.example.com:8088", "other.example.com:8443", "localhost:8088"})
    CHECK(door.host_allowed(host));
  for (const char* host : {"gateway.example.com:1", "other.example.com", "other.example.com:8088", "0.0.0.0:8088"})
    CHECK_FALSE(door.host_allowed(host));
}

TEST_CASE("a bound address stands for itself, IPv6 in brackets") {
  CHECK(Doorplate(listen("192.0.2.7"), 8088).host_allowed("192.0.2.7:8088"));
  CHECK_FALSE(Doorplate(listen("192.0.2.7"), 8088).host_allowed("localhost:8088"));
  CHECK(Doorplate(listen("2001:db8::7"), 8088).host_allowed("[2001:DB8::7]:8088"));
  CHECK(Doorplate(listen("::"), 8088).host_allowed("[::1]:8088"));
  CHECK(Doorplate(listen("127.0.0.5"), 8088).host_allowed("127.0.0.5:8088"));
}

TEST_CASE("an absent Origin is no browser, local pages may speak to a loopback gateway") {
  const Doorplate door(listen("127.0.0.1"), 8088);
  for (const char* origin : {"", "http://localhost", "http://localhost:3000", "https://127.0.0.1:8088", "http://[::1]:1"}) {
    CAPTURE(origin);
    CHECK(door.origin_allowed(origin));
  }
  for (const char* origin : {"null", "http://evil.example", "http://localhost.evil.example",
                             "http://localhost:3000.evil.example", "http://localhost:", "http://evil.example:8088",
                             "file://localhost", "http://localhost:3000/", "http://localhost@evil.example", "localhost"}) {
    CAPTURE(origin);
    CHECK_FALSE(door.origin_allowed(origin));
  }
}

TEST_CASE("elsewhere only listed origins may") {
  const Doorplate door(listen("0.0.0.0", {}, {"https://app.example.com"}), 8088);
  CHECK(door.origin_allowed(""));
  CHECK(door.origin_allowed("https://app.example.com"));
  CHECK_FALSE(door.origin_allowed("http://app.example.com"));
  CHECK_FALSE(door.origin_allowed("http://localhost:3000"));
}

TEST_CASE("CORS answers listed origins only, and enumerates what may be sent") {
  const Doorplate door(listen("127.0.0.1", {}, {"https://app.example.com"}), 8088);
  CHECK(door.cors("").empty());
  CHECK(door.cors("http://localhost:3000").empty());
  CHECK(door.preflight("http://localhost:3000", "mcp-method").empty());
  CHECK(find(door.cors("https://app.example.com"), "access-control-allow-origin") == "https://app.example.com");
  CHECK(find(door.cors("https://app.example.com"), "access-control-expose-headers").find("mcp-session-id") !=
        std::string::npos);
  CHECK(find(door.cors("https://app.example.com"), "vary") == "Origin");

  const auto headers = door.preflight("https://app.example.com", "x-own, Mcp-Param-Region,mcp-param-bad\r\nx: y, mcp-param-");
  const std::string allowed = find(headers, "access-control-allow-headers");
  for (const char* name : {"authorization", "content-type", "mcp-method", "mcp-name", "mcp-protocol-version", "mcp-session-id",
                           "last-event-id", "mcp-param-region"}) {
    CAPTURE(name);
    CHECK(allowed.find(name) != std::string::npos);
  }
  CHECK(allowed.find("x-own") == std::string::npos);
  CHECK(allowed.find("bad") == std::string::npos);
  CHECK_FALSE(allowed.ends_with("-"));
  CHECK(find(headers, "access-control-allow-methods") == "POST, GET, DELETE");
}
