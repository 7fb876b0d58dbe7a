#include "gateway/head.hpp"

#include <catch2/catch.hpp>
#include <cctype>
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
  CHECK(check_request(head({{"Connection", "keep-alive"}, {"Content-Length", "12"}, {"Accept", "a"}, {"Accept", "b"}})));
  CHECK(check_request(head({{"Transfer-Encoding", "Chunked"}, {"Connection", "close, , x-mine"}})));
  CHECK(check_request(head({{"User-Agent", "n\xC3\xA4me"}})));
}

TEST_CASE("a second field that decides something is refused") {
  for (const char* name :
       {"Authorization", "Host", "Content-Type", "Content-Length", "Transfer-Encoding", "Origin", "Last-Event-ID"}) {
    CAPTURE(name);
    auto checked = check_request(head({{name, "1"}, {name, "1"}}));
    REQUIRE_FALSE(checked);
    CHECK(checked.error().reason == Reason::http_malformed);
  }
  for (const char* name : {"Mcp-Method", "mcp-name", "MCP-Protocol-Version", "Mcp-Session-Id", "Mcp-Param-Region"}) {
    CAPTURE(name);
    auto checked = check_request(head({{name, "a"}, {"x", "y"}, {name, "a"}}));
    REQUIRE_FALSE(checked);
    CHECK(checked.error().reason == Reason::header_mismatch);
  }
}

TEST_CASE("a head that could be read in two ways is refused") {
  const std::vector<std::vector<Field>> bad{
      {{"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}},
      {{"Transfer-Encoding", "identity"}},
      {{"Transfer-Encoding", ""}},
      {{"Content-Length", "+1"}},
      {{"Content-Length", "1, 1"}},
      {{"Content-Length", ""}},
      {{"Content-Length", "9999999999999999999"}},
      {{"Expect", "200-ok"}},
      {{"Transfer_Encoding", "chunked"}},
      {{"Connection", "bad token"}},
  };
  for (std::size_t i = 0; i < bad.size(); ++i) {
    CAPTURE(i);
    CHECK_FALSE(check_request(head(bad[i])));
  }
}

TEST_CASE("Connection may not nominate a field that the gateway reads or sends") {
  for (const char* name :
       {"Authorization", "mcp-session-id", "MCP-Protocol-Version", "Mcp-Param-X", "content-length", "Host", "traceparent",
        "x-durward-entry", "Idempotency-Key", "X-Forwarded-For", "x-agent-ref", "Last-Event-ID", "Retry-After"}) {
    CAPTURE(name);
    const std::string value = std::string("close, ") + name;
    CHECK_FALSE(check_request(head({{"Connection", value}})));
    CHECK(is_protected(name));
  }
  CHECK_FALSE(is_protected("keep-alive"));
  CHECK_FALSE(check_request(head({{"Connection", "close"}, {"connection", "authorization"}})));
}

TEST_CASE("Host must be there") {
  CHECK_FALSE(check_request({"POST", "/", {}}));
  CHECK_FALSE(check_request({"POST", "/", {{"Host", " "}}}));
}

TEST_CASE("only targets that are paths, or URLs of the Host, are accepted") {
  for (const char* target : {"/mcp/s?x=%20", "http://127.0.0.1:8088/mcp/s", "HTTPS://127.0.0.1:8088", "/a\\b\"c"}) {
    CAPTURE(target);
    CHECK(check_request(head({}, target)));
  }
  for (const char* target : {"", "*", "mcp", "a:443", "/a#b", "http:/a", "ftp://127.0.0.1:8088/"}) {
    CAPTURE(target);
    auto checked = check_request(head({}, target));
    REQUIRE_FALSE(checked);
    CHECK(checked.error().reason == Reason::http_malformed);
  }
  for (const char* target : {"http://a/mcp/s", "http://127.0.0.1/mcp/s", "http://u@127.0.0.1:8088/", "http://"}) {
    CAPTURE(target);
    auto checked = check_request(head({}, target));
    REQUIRE_FALSE(checked);
    CHECK(checked.error().reason == Reason::host_forbidden);
  }
  CHECK(path_and_query("http://a:1/b?c") == "/b?c");
  CHECK(path_and_query("https://a?c") == "/");
  CHECK(path_and_query("/b?http://a/") == "/b?http://a/");
}

TEST_CASE("what is HTTP, but not what the gateway speaks, is named") {
  const auto reason = [](const Head& h) {
    auto checked = check_request(h);
    REQUIRE_FALSE(checked);
    return checked.error().reason;
  };
  CHECK(reason(head({{"Transfer-Encoding", "gzip, chunked"}})) == Reason::coding_unknown);
  CHECK(reason(head({{"Transfer-Encoding", "gzip"}, {"Transfer-Encoding", "chunked"}})) == Reason::coding_unknown);
  Head odd = head({});
  odd.method = "get";
  CHECK(reason(odd) == Reason::http_method_not_allowed);
  odd.version = 10;
  CHECK(reason(odd) == Reason::http_version);
}

TEST_CASE("every known field is found by its name, and protected as the table says") {
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    std::string upper(kFields[i].name);
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    CAPTURE(upper);
    CHECK(field_index(upper) == i);
    CHECK(is_protected(upper) == kFields[i].protected_);
  }
  for (const char* name : {"", "x", "hosts", "mcp-protocol-version-", "connectiom"}) CHECK(field_index(name) == kUnknownField);
}

TEST_CASE("a response whose framing has two readings is refused") {
  const auto good = [](std::vector<Field> fields, unsigned status = 200, unsigned version = 11) {
    return static_cast<bool>(check_response({"", "", std::move(fields), version}, status));
  };
  CHECK(good({}));
  CHECK(good({{"Content-Length", "5"}}));
  CHECK(good({{"Transfer-Encoding", "chunked"}}));
  CHECK(good({{"Content-Length", "0"}}, 204));
  CHECK_FALSE(good({{"Content-Length", "5"}}, 204));
  CHECK_FALSE(good({{"Transfer-Encoding", "chunked"}}, 304));
  CHECK_FALSE(good({{"Transfer-Encoding", "chunked"}}, 200, 10));
  CHECK_FALSE(good({{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}));
  CHECK_FALSE(good({{"Content-Length", "5"}, {"Content-Length", "5"}}));
  auto checked = check_response({"", "", {{"Transfer-Encoding", "gzip, chunked"}}}, 200);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().reason == Reason::upstream_failed);
}
