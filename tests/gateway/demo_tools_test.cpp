#include "gateway/demo_tools.hpp"

#include <catch2/catch.hpp>

using durward::gateway::DemoAnswer;
using durward::gateway::DemoHeaders;
using durward::gateway::DemoTools;
using durward::json::Document;

namespace {

DemoAnswer legacy(DemoTools& tools, std::string_view method, std::string_view params) {
  std::string body = R"({"jsonrpc":"2.0","id":7,"method":")";
  body.append(method).append(R"(","params":)").append(params).append("}");
  return tools.answer(std::move(body), {});
}

std::string text_of(const DemoAnswer& answer) {
  const auto document = Document::parse(answer.body);
  REQUIRE(document);
  CHECK(document->root().find("id").raw() == "7");
  return document->root().find("result").find("content").at(0).find("text").string();
}

constexpr auto kDiscover =
    R"({"jsonrpc":"2.0","id":"d","method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})";

}  // namespace

TEST_CASE("the demo tools do what they say") {
  DemoTools tools;
  CHECK(text_of(legacy(tools, "tools/call", R"({"name":"math.add","arguments":{"a":2,"b":0.5}})")) == "2.5");
  CHECK(text_of(legacy(tools, "tools/call", R"({"name":"notes.write","arguments":{"name":"n","text":"a\nb"}})")) == "written");
  CHECK(text_of(legacy(tools, "tools/call", R"({"name":"notes.read","arguments":{"name":"n"}})")) == "a\nb");
  CHECK(text_of(legacy(tools, "tools/call", R"({"name":"notes.list"})")) == "n\nwelcome\n");
  CHECK(text_of(legacy(tools, "tools/call", R"({"name":"clock.now"})")).size() == 20);
}

TEST_CASE("shell.run of the demo only says what it would have run, and counts") {
  DemoTools tools;
  CHECK(tools.calls().find(R"("shell.run":0)") != std::string::npos);
  CHECK(text_of(legacy(tools, "tools/call", R"({"name":"shell.run","arguments":{"command":"rm -rf x"}})")) ==
        "would have run: rm -rf x");
  CHECK(tools.calls().find(R"("shell.run":1)") != std::string::npos);
}

TEST_CASE("arguments that do not fit are a tool error, an unknown tool is a protocol error") {
  DemoTools tools;
  CHECK(legacy(tools, "tools/call", R"({"name":"math.add","arguments":{"a":"2"}})").body.find(R"("isError":true)") !=
        std::string::npos);
  CHECK(legacy(tools, "tools/call", R"({"name":"nothing"})").body.find("-32602") != std::string::npos);
  CHECK(legacy(tools, "nothing", "{}").body.find("-32601") != std::string::npos);
}

TEST_CASE("initialize agrees on the revision that the client offers, else on the newest legacy one") {
  DemoTools tools;
  CHECK(legacy(tools, "initialize", R"({"protocolVersion":"2025-03-26"})").body.find(R"("protocolVersion":"2025-03-26")") !=
        std::string::npos);
  CHECK(legacy(tools, "initialize", R"({"protocolVersion":"2026-07-28"})").body.find(R"("protocolVersion":"2025-11-25")") !=
        std::string::npos);
}

TEST_CASE("a modern request is answered only if headers and body agree") {
  DemoTools tools;
  DemoHeaders headers{"2026-07-28", "server/discover", ""};
  CHECK(tools.answer(kDiscover, headers).status == 200);
  CHECK(tools.answer(kDiscover, headers).body.find(R"("supportedVersions":["2026-07-28"])") != std::string::npos);
  headers.method = "tools/list";
  CHECK(tools.answer(kDiscover, headers).status == 400);
  headers = DemoHeaders{"2025-11-25", "server/discover", ""};
  CHECK(tools.answer(kDiscover, headers).body.find("-32020") != std::string::npos);
}

TEST_CASE("a notification of the demo's client is accepted without a body, nonsense is refused") {
  DemoTools tools;
  CHECK(tools.answer(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", {}).status == 202);
  CHECK(tools.answer("{", {}).body.find("-32700") != std::string::npos);
  CHECK(tools.answer("[]", {}).status == 400);
}
