#include "gateway/head.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace durward::gateway;
using durward::policy::Reason;

namespace {

Head head(std::vector<Field> fields, std::string_view target = "/mcp/s") {
  fields.insert(fields.begin(), {"Host", "127.0.0.1:8088"});
  return {"POST", target, std::move(fields)};
}

}  // namespace

TEST_CASE("fields are found without regard to case and without surrounding whitespace") {
  const Head h = head({{"mcp-METHOD", " \ttools/call\t "}, {"X", "  "}});
  CHECK(h.find("Mcp-Method") == "tools/call");
  CHECK(h.find("x").empty());
  CHECK(h.find("y").empty());
  CHECK(h.count("MCP-method") == 1);
}

TEST_CASE("a plain head is accepted") {
  CHECK(check_head(head({{"Connection", "keep-alive"}, {"Content-Length", "12"}, {"Accept", "a"}, {"Accept", "b"}})));
  CHECK(check_head(head({{"Transfer-Encoding", "Chunked"}, {"Connection", "close, , x-mine"}})));
  CHECK(check_head(head({{"User-Agent", "n\xC3\xA4me"}})));
}

TEST_CASE("a second field that decides something is refused") {
  for (const char* name :
       {"Authorization", "Host", "Content-Type", "Content-Length", "Transfer-Encoding", "Origin", "Last-Event-ID"}) {
    CAPTURE(name);
    auto checked = check_head(head({{name, "1"}, {name, "1"}}));
    REQUIRE_FALSE(checked);
    CHECK(checked.error().reason == Reason::http_malformed);
  }
  for (const char* name : {"Mcp-Method", "mcp-name", "MCP-Protocol-Version", "Mcp-Session-Id", "Mcp-Param-Region"}) {
    CAPTURE(name);
    auto checked = check_head(head({{name, "a"}, {"x", "y"}, {name, "a"}}));
    REQUIRE_FALSE(checked);
    CHECK(checked.error().reason == Reason::header_mismatch);
  }
}

TEST_CASE("a head that could be read in two ways is refused") {
  const std::string control("a\0b", 3);
  const std::vector<std::vector<Field>> bad{
      {{"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}},
      {{"Transfer-Encoding", "gzip, chunked"}},
      {{"Transfer-Encoding", "identity"}},
      {{"Transfer-Encoding", ""}},
      {{"Content-Length", "+1"}},
      {{"Content-Length", "1, 1"}},
      {{"Content-Length", ""}},
      {{"Content-Length", "9999999999999999999"}},
      {{"Bad Name", "x"}},
      {{"", "x"}},
      {{"X", control}},
      {{"X", "a\rb"}},
      {{"X", "a\x7F"}},
      {{"Connection", "bad token"}},
  };
  for (std::size_t i = 0; i < bad.size(); ++i) {
    CAPTURE(i);
    CHECK_FALSE(check_head(head(bad[i])));
  }
}

TEST_CASE("Connection may not nominate a field that the gateway reads or sends") {
  for (const char* name :
       {"Authorization", "mcp-session-id", "MCP-Protocol-Version", "Mcp-Param-X", "content-length", "Host", "traceparent",
        "x-durward-entry", "Idempotency-Key", "X-Forwarded-For", "x-agent-ref", "Last-Event-ID", "Retry-After"}) {
    CAPTURE(name);
    const std::string value = std::string("close, ") + name;
    CHECK_FALSE(check_head(head({{"Connection", value}})));
    CHECK(is_protected(name));
  }
  CHECK_FALSE(is_protected("keep-alive"));
  CHECK_FALSE(check_head(head({{"Connection", "close"}, {"connection", "authorization"}})));
}

TEST_CASE("Host must be there") {
  CHECK_FALSE(check_head({"POST", "/", {}}));
  CHECK_FALSE(check_head({"POST", "/", {{"Host", " "}}}));
}

TEST_CASE("only targets in origin form are accepted") {
  CHECK(check_head(head({}, "/mcp/s?x=%20")));
  for (const char* target : {"", "*", "mcp", "http://a/mcp", "a:443", "/a b", "/a#b", "/a\\b", "/\xC3\xA4", "/a\x01"}) {
    CAPTURE(target);
    CHECK_FALSE(check_head(head({}, target)));
  }
}

TEST_CASE("chunked bodies need HTTP/1.1, and a method is a token") {
  Head h = head({{"Transfer-Encoding", "chunked"}});
  h.version = 10;
  CHECK_FALSE(check_head(h));
  Head odd = head({});
  odd.method = "PO ST";
  CHECK_FALSE(check_head(odd));
}
