#include "gateway/message.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "policy/methods.hpp"
#include "tests/policy/corpora.hpp"

using namespace durward;
using namespace durward::gateway;
using policy::Reason;

namespace {

constexpr const char* kMeta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}})";

using Fields = std::vector<Field>;

json::Document parse(std::string text) {
  auto document = parse_body(std::move(text), {});
  REQUIRE(document);
  return *std::move(document);
}

/// "ok", or the name of the reason, of one POST.
std::string outcome(const std::string& body, const Fields& fields = {}) {
  auto document = parse_body(body, {});
  if (!document) return std::string(policy::name(document.error().violation.reason));
  auto message = read_message(*document, {"POST", "/", fields});
  return message ? "ok" : std::string(policy::name(message.error().violation.reason));
}

std::string call(const std::string& params, const std::string& method = "tools/call", const std::string& id = "1") {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + R"(","params":{)" + params + "}}";
}

std::string modern(const std::string& more = {}, const std::string& method = "tools/list") {
  return call(std::string(kMeta) + more, method);
}

const Fields kModernHead{{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/list"}};
const Fields kCallHead{{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/call"}, {"Mcp-Name", "t"}};

Fields with(Fields fields, Field more) {
  fields.push_back(more);
  return fields;
}

std::string incoming(const std::string& text) {
  const json::Document document = parse(text);
  auto read = read_incoming(document.root());
  if (!read) return std::string(policy::name(read.error().reason));
  switch (read->kind) {
    case IncomingKind::request:
      return "request";
    case IncomingKind::notification:
      return "notification";
    case IncomingKind::result:
      return "result";
    case IncomingKind::error:
      return "error";
  }
  return {};
}

std::string batch(const std::string& text, const Fields& fields = {}, unsigned max = 32) {
  const json::Document document = parse(text);
  auto read = read_batch(document, {"POST", "/", fields}, max);
  return read ? "ok " + std::to_string(read->size()) : std::string(policy::name(read.error().violation.reason));
}

}  // namespace

TEST_CASE("a legacy request is read with its id, method and name") {
  const json::Document document = parse(call(R"("name":"t\u0065st","arguments":{"a":1.0})", "tools/call", "\"x\\u0041\""));
  auto message = read_message(document, {"POST", "/", {{"mcp-protocol-version", "2025-06-18"}}});
  REQUIRE(message);
  CHECK(message->era == Era::legacy);
  CHECK(message->shape == Shape::request);
  CHECK(message->id.raw() == "\"x\\u0041\"");
  CHECK(message->method == "tools/call");
  CHECK(message->target == policy::Target::tool);
  CHECK(message->name == "test");
  CHECK(message->revision == "2025-06-18");
  CHECK(message->params.find("arguments").raw() == "{\"a\":1.0}");
}

TEST_CASE("zero and string ids are ids") {
  for (const char* id : {"0", "\"listen:0\"", "\"\"", "-7", "9007199254740991", "-9007199254740991"}) {
    CAPTURE(id);
    const json::Document document = parse(call("", "ping", id));
    auto message = read_message(document, {});
    REQUIRE(message);
    CHECK(message->shape == Shape::request);
    CHECK(message->id.raw() == id);
  }
}

TEST_CASE("what is not one JSON-RPC message is not_a_message, and its id is told where it can be read") {
  const std::vector<std::string> bad{
      "1",
      "null",
      "\"x\"",
      "[]",
      "{}",
      R"({"id":1,"method":"ping"})",
      R"({"jsonrpc":2.0,"id":1,"method":"ping"})",
      R"({"jsonrpc":"1.0","id":1,"method":"ping"})",
      R"({"jsonrpc":"2.0","id":null,"method":"ping"})",
      R"({"jsonrpc":"2.0","id":1.0,"method":"ping"})",
      R"({"jsonrpc":"2.0","id":1e3,"method":"ping"})",
      R"({"jsonrpc":"2.0","id":true,"method":"ping"})",
      R"({"jsonrpc":"2.0","id":[1],"method":"ping"})",
      R"({"jsonrpc":"2.0","id":9007199254740992,"method":"ping"})",
      R"({"jsonrpc":"2.0","id":-9007199254740992,"method":"ping"})",
      R"({"jsonrpc":"2.0","id":1})",
      R"({"jsonrpc":"2.0","id":1,"method":7})",
      R"({"jsonrpc":"2.0","id":1,"method":""})",
      R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})",
      R"({"jsonrpc":"2.0","id":1,"method":"ping","params":null})",
      R"({"jsonrpc":"2.0","id":1,"method":"ping","result":{}})",
      R"({"jsonrpc":"2.0","id":1,"method":"ping","error":{"code":1,"message":""}})",
      R"({"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}})",
      R"({"jsonrpc":"2.0","id":1,"result":{},"params":{}})",
      R"({"jsonrpc":"2.0","id":1,"result":7})",
      R"({"jsonrpc":"2.0","id":1,"error":{"message":"x"}})",
      R"({"jsonrpc":"2.0","id":1,"error":{"code":"x"}})",
      R"({"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}})",
      R"({"jsonrpc":"2.0","result":{}})",
      R"({"jsonrpc":"2.0","id":1,"method":"ping","extra":1})",
  };
  for (const std::string& text : bad) {
    CAPTURE(text);
    CHECK(outcome(text) == "not_a_message");
  }
  const json::Document document = parse(R"({"jsonrpc":"2.0","id":"a b","method":7})");
  CHECK(read_message(document, {}).error().id == "\"a b\"");
  const json::Document none = parse(R"({"jsonrpc":"2.0","id":{},"method":7})");
  CHECK(read_message(none, {}).error().id.empty());
}

TEST_CASE("what is not strict JSON is not_json") {
  for (const std::string text : {"", "{", "{\"a\":1,}", "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}",
                                 "{\"method\":1,\"m\\u0065thod\":2}", "\"\xFF\"", "\xEF\xBB\xBF{}", "{} {}"}) {
    CAPTURE(text);
    CHECK(outcome(text) == "not_json");
  }
  json::Limits shallow;
  shallow.depth = 3;
  CHECK_FALSE(parse_body("[[[[1]]]]", shallow));
  CHECK(parse_body("[[1]]", shallow));
}

TEST_CASE("members that differ by case only from MCP's own are refused") {
  const std::vector<std::string> bad{
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"},"Params":{"name":"shell"}})",
      R"({"jsonrpc":"2.0","id":1,"METHOD":"ping"})",
      R"({"jsonrpc":"2.0","id":1,"method":"ping","re\u017fult":{}})",
      R"({"jsonrpc":"2.0","id":1,"method":"ping","Id":2})",
      call(R"("name":"t","Name":"u")"),
      call(R"("name":"t","Arguments":{})"),
      call(R"("name":"t","argument\u017f":{})"),
      call(R"("name":"t","tas\u212A":{})"),
      call(R"("name":"t","_META":{})"),
      call(R"("name":"t","_meta":{"Traceparent":""})"),
      call(R"("name":"t","_meta":{"io.modelcontextprotocol/ProtocolVersion":"2026-07-28"})"),
      call(R"("ref":{"type":"ref/prompt","name":"p","Name":"q"})", "completion/complete"),
      call(R"("notifications":{"ResourceSubscriptions":[]})", "subscriptions/listen"),
  };
  for (const std::string& text : bad) {
    CAPTURE(text);
    CHECK(outcome(text) == "not_a_message");
  }
  CHECK(outcome(call(R"("name":"t","arguments":{"Name":1,"name":2,"Params":3},"own":{"ID":1})")) == "ok");
}

TEST_CASE("a method that names something needs its name") {
  const std::map<std::string, std::string> named{{"tools/call", "name"},
                                                 {"prompts/get", "name"},
                                                 {"resources/read", "uri"},
                                                 {"resources/subscribe", "uri"},
                                                 {"resources/unsubscribe", "uri"}};
  for (const auto& [method, member] : named) {
    CAPTURE(method);
    CHECK(outcome(call("\"" + member + "\":\"x\"", method)) == "ok");
    for (const std::string value :
         {"1", "null", "\"\"", "{}", "\"a\\u0000b\"", "\"a\\nb\"", "\"\\ud800\"", "\"\xEF\xBF\xBD\""}) {
      CAPTURE(value);
      CHECK(outcome(call("\"" + member + "\":" + value, method)) == "bad_envelope");
    }
    CHECK(outcome(call("", method)) == "bad_envelope");
    CHECK(outcome(R"({"jsonrpc":"2.0","id":1,"method":")" + method + "\"}") == "bad_envelope");
    CHECK(outcome(R"({"jsonrpc":"2.0","method":")" + method + "\"}") == "bad_envelope");
  }
  CHECK(outcome(call(R"("name":"t","arguments":[])")) == "bad_envelope");
  CHECK(outcome(call(R"("name":"t","arguments":"x")")) == "bad_envelope");
  CHECK(outcome(call(R"("name":"t","arguments":null)")) == "ok");
  CHECK(outcome(call(R"("name":"t","_meta":7)")) == "bad_envelope");
}

TEST_CASE("completion names what its ref names") {
  const json::Document prompt = parse(call(R"("ref":{"type":"ref/prompt","name":"p"})", "completion/complete"));
  CHECK(read_message(prompt, {})->target == policy::Target::prompt);
  CHECK(read_message(prompt, {})->name == "p");
  const json::Document resource = parse(call(R"("ref":{"type":"ref/resource","uri":"file:///{path}"})", "completion/complete"));
  CHECK(read_message(resource, {})->target == policy::Target::resource);
  CHECK(read_message(resource, {})->name == "file:///{path}");
  for (const char* ref : {R"({"type":"ref/tool","name":"p"})", R"({"name":"p"})", "1", R"({"type":"ref/prompt","uri":"p"})"}) {
    CAPTURE(ref);
    CHECK(outcome(call(std::string("\"ref\":") + ref, "completion/complete")) == "bad_envelope");
  }
}

TEST_CASE("the modern ladder refuses in its order") {
  CHECK(outcome(modern(), kModernHead) == "ok");
  CHECK(outcome(modern(R"(,"name":"t")", "tools/call"), kCallHead) == "ok");

  const std::string v999 =
      call(R"("_meta":{"io.modelcontextprotocol/protocolVersion":"v999","io.modelcontextprotocol/clientCapabilities":{}})",
           "tools/list");
  const std::string bare = call(R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"})", "tools/list");
  struct Case {
    std::string body;
    Fields fields;
    std::string want;
  };
  const std::vector<Case> cases{
      {v999, {{"MCP-Protocol-Version", "2026-07-28"}}, "header_mismatch"},
      {v999, {{"MCP-Protocol-Version", "v999"}, {"Mcp-Method", "tools/list"}}, "version_unsupported"},
      {v999, {}, "version_unsupported"},
      {bare, {{"MCP-Protocol-Version", "2025-06-18"}}, "header_mismatch"},
      {bare, kModernHead, "bad_envelope"},
      {bare, {}, "bad_envelope"},
      {call("", "tools/list"), kModernHead, "bad_envelope"},
      {call("", "initialize"), {{"MCP-Protocol-Version", "2026-07-28"}}, "bad_envelope"},
      {call(R"("_meta":{})", "tools/list"), {{"MCP-Protocol-Version", "v999"}}, "bad_envelope"},
      {call(R"("_meta":{"io.modelcontextprotocol/protocolVersion":7})", "tools/list"), {}, "bad_envelope"},
      {call(R"("_meta":{"io.modelcontextprotocol/protocolVersion":null})", "tools/list"), {}, "bad_envelope"},
      {modern(), {}, "header_mismatch"},
      {modern(), {{"Mcp-Method", "tools/list"}}, "header_mismatch"},
      {modern(), {{"MCP-Protocol-Version", "2026-07-28"}}, "header_mismatch"},
      {modern(), {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "TOOLS/LIST"}}, "header_mismatch"},
      {modern(R"(,"name":"t")", "tools/call"),
       {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/call"}},
       "header_mismatch"},
      {modern(R"(,"name":"u")", "tools/call"), kCallHead, "header_mismatch"},
      {modern(R"(,"name":"T")", "tools/call"), kCallHead, "header_mismatch"},
      {modern("", "tools/call"), kCallHead, "bad_envelope"},
      {modern(), with(kModernHead, {"Mcp-Param-Region", "=?base64?bad padding?="}), "header_mismatch"},
      {modern(), with(kModernHead, {"Mcp-Param-Region", "=?base64?WsO8cmljaA==?="}), "ok"},
      {modern(), with(kModernHead, {"Mcp-Param-Region", "Z\xC3\xBCrich"}), "header_mismatch"},
      {modern(R"(,"uri":"file:///a")", "resources/read"),
       {{"MCP-Protocol-Version", " 2026-07-28\t"}, {"Mcp-Method", " resources/read "}, {"Mcp-Name", "  file:///a  "}},
       "ok"},
      {call(
           R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2025-11-25","io.modelcontextprotocol/clientCapabilities":{}})",
           "tools/list"),
       {{"MCP-Protocol-Version", "2025-11-25"}},
       "version_unsupported"},
      {modern("", "initialize"), {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "initialize"}}, "ok"},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(i, cases[i].body);
    CHECK(outcome(cases[i].body, cases[i].fields) == cases[i].want);
  }
}

TEST_CASE("a refused revision is told, and the era with it") {
  const json::Document document = parse(
      call(R"("_meta":{"io.modelcontextprotocol/protocolVersion":"v999","io.modelcontextprotocol/clientCapabilities":{}})",
           "tools/list", "5"));
  auto read = read_message(document, {"POST", "/", {{"MCP-Protocol-Version", "v999"}}});
  REQUIRE_FALSE(read);
  CHECK(read.error().requested == "v999");
  CHECK(read.error().era == Era::modern);
  CHECK(read.error().id == "5");
}

TEST_CASE("clientInfo is optional, and an object where it stands") {
  const std::string meta =
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":)";
  CHECK(outcome(call(meta + "{}}", "tools/list"), kModernHead) == "ok");
  CHECK(outcome(call(meta + "1}", "tools/list"), kModernHead) == "bad_envelope");
}

TEST_CASE("notifications need no standard headers, and the header decides their era where _meta does not") {
  const std::string cancelled = R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"listen:0"}})";
  const json::Document document = parse(cancelled);
  auto message = read_message(document, {"POST", "/", {{"MCP-Protocol-Version", "2026-07-28"}}});
  REQUIRE(message);
  CHECK(message->era == Era::modern);
  CHECK(message->shape == Shape::notification);
  CHECK(message->revision == "2026-07-28");
  CHECK(read_message(document, {})->era == Era::legacy);
  CHECK(outcome(cancelled, {{"MCP-Protocol-Version", "v999"}}) == "version_unsupported");
  CHECK(outcome(cancelled, {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/call"}}) == "header_mismatch");
  const std::string claiming =
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})";
  CHECK(outcome(claiming) == "ok");
  CHECK(outcome(claiming, {{"MCP-Protocol-Version", "2025-11-25"}}) == "header_mismatch");
}

TEST_CASE("legacy traffic may name only legacy revisions that we speak, and its Mcp- headers mean nothing") {
  for (const char* revision : {"2025-11-25", "2025-06-18", "2025-03-26"})
    CHECK(outcome(call("", "ping"), {{"MCP-Protocol-Version", revision}}) == "ok");
  for (const char* revision : {"2024-11-05", "", "1.0", "2025-11-25, 2025-11-25"}) {
    CAPTURE(revision);
    CHECK(outcome(call("", "ping"), {{"MCP-Protocol-Version", revision}}) == "version_unsupported");
  }
  CHECK(outcome(call(R"("name":"t")"), {{"Mcp-Method", "tools/list"}, {"Mcp-Name", "other"}}) == "ok");
}

TEST_CASE("posted responses are legacy") {
  const json::Document document = parse(R"({"jsonrpc":"2.0","id":0,"result":{"action":"accept"}})");
  auto message = read_message(document, {"POST", "/", {{"MCP-Protocol-Version", "2025-11-25"}}});
  REQUIRE(message);
  CHECK(message->shape == Shape::response);
  CHECK(message->result.find("action").string() == "accept");
  CHECK(message->method.empty());
  CHECK(outcome(document.text(), {{"MCP-Protocol-Version", "2026-07-28"}}) == "not_a_message");
  CHECK(outcome(R"({"jsonrpc":"2.0","id":0,"error":{"code":-1,"message":"no"}})") == "ok");
}

TEST_CASE("a batch is read element by element") {
  const std::string one = call(R"("name":"a")");
  const std::string two = call("", "ping", "2");
  const std::string note = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
  const std::string answer = R"({"jsonrpc":"2.0","id":9,"result":{}})";
  const std::string refused = R"({"jsonrpc":"2.0","id":8,"error":{"code":1,"message":""}})";
  CHECK(batch("[" + one + "," + two + "," + note + "]") == "ok 3");
  CHECK(batch("[" + note + "]", {{"MCP-Protocol-Version", "2025-03-26"}}) == "ok 1");
  CHECK(batch("[" + answer + "," + refused + "]") == "ok 2");

  CHECK(batch("[]") == "not_a_message");
  CHECK(batch("{}") == "not_a_message");
  CHECK(batch("[1]") == "not_a_message");
  CHECK(batch("[[" + one + "]]") == "not_a_message");
  CHECK(batch("[" + one + "," + two + "]", {}, 1) == "not_a_message");
  CHECK(batch("[" + one + "," + answer + "]") == "not_a_message");
  CHECK(batch("[" + one + "," + call("", "ping", "1") + "]") == "not_a_message");
  CHECK(batch("[" + call("", "ping", "\"a\"") + "," + call("", "ping", "\"\\u0061\"") + "]") == "not_a_message");
  CHECK(batch("[" + call("", "ping", "\"1\"") + "," + call("", "ping", "1") + "]") == "ok 2");
  CHECK(batch("[" + call("", "initialize") + "]") == "not_a_message");
  CHECK(batch("[" + two + "," + modern() + "]") == "not_a_message");
  CHECK(batch("[" + call("") + "]") == "bad_envelope");
  CHECK(batch("[" + one + "]", {{"MCP-Protocol-Version", "2025-06-18"}}) == "not_a_message");
  CHECK(batch("[" + one + "]", {{"MCP-Protocol-Version", "2026-07-28"}}) == "not_a_message");
  CHECK(batch("[" + one + "]", {{"MCP-Protocol-Version", "2024-11-05"}}) == "version_unsupported");
}

TEST_CASE("what upstream sends is read by its kind") {
  CHECK(incoming(R"({"jsonrpc":"2.0","id":1,"result":{}})") == "result");
  CHECK(incoming(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"x"}})") == "error");
  CHECK(incoming(R"({"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"x"}})") == "error");
  CHECK(incoming(R"({"jsonrpc":"2.0","error":{"code":-32000,"message":"x"}})") == "error");
  CHECK(incoming(R"({"jsonrpc":"2.0","id":"a","method":"roots/list"})") == "request");
  CHECK(incoming(R"({"jsonrpc":"2.0","method":"notifications/message","params":{}})") == "notification");
  for (const char* bad :
       {"[]", "1", R"({"jsonrpc":"2.0","id":1,"result":[]})", R"({"jsonrpc":"2.0","id":null,"result":{}})",
        R"({"jsonrpc":"2.0","id":1,"result":{},"error":null})", R"({"jsonrpc":"2.0","id":1,"Result":{}})",
        R"({"jsonrpc":"2.0","id":1,"result":{"Tools":[]}})", R"({"jsonrpc":"2.0","id":1,"result":{"INPUTREQUESTS":{}}})",
        R"({"jsonrpc":"2.0","id":null,"method":"roots/list"})"}) {
    CAPTURE(bad);
    CHECK(incoming(bad) == "upstream_failed");
  }
  const json::Document pair = parse(R"([{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}}])");
  CHECK(read_incoming_batch(pair.root(), 2)->size() == 2);
  CHECK_FALSE(read_incoming_batch(pair.root(), 1));
  CHECK(read_incoming_batch(pair.root().at(1), 1)->size() == 1);
}

TEST_CASE("ids are the same by value and type") {
  const json::Document ids = parse(R"(["a","\u0061",1,"1",1,null])");
  const auto at = [&](std::size_t i) { return ids.root().at(i); };
  CHECK(same_id(at(0), at(1)));
  CHECK(same_id(at(2), at(4)));
  CHECK_FALSE(same_id(at(2), at(3)));
  CHECK_FALSE(same_id(at(3), at(2)));
  CHECK_FALSE(same_id(at(5), at(5)));
  CHECK_FALSE(same_id({}, {}));
}

TEST_CASE("subscriptions name their resources") {
  const auto uris = [](const std::string& params) -> std::string {
    const json::Document document = parse(call(params, "subscriptions/listen"));
    auto message = read_message(document, {});
    REQUIRE(message);
    auto read = subscribed_resources(*message);
    if (!read) return std::string(policy::name(read.error().reason));
    std::string all;
    for (const std::string& uri : *read) all += uri + ";";
    return all;
  };
  CHECK(uris(R"("notifications":{"toolsListChanged":true,"resourceSubscriptions":["file:///a","b:\u0063"]})") ==
        "file:///a;b:c;");
  CHECK(uris(R"("notifications":{"toolsListChanged":true})").empty());
  CHECK(uris("").empty());
  for (const char* bad : {"[1]", "\"a\"", "{}", "[\"\"]", "[\"a\\n\"]"}) {
    CAPTURE(bad);
    CHECK(uris(std::string(R"("notifications":{"resourceSubscriptions":)") + bad + "}") == "bad_envelope");
  }
  CHECK(uris(R"("notifications":[])") == "bad_envelope");
}

TEST_CASE("the header sentinel is decoded strictly") {
  CHECK(decode_header("plain text\t!") == "plain text\t!");
  CHECK(decode_header("=?base64?WsO8cmljaA==?=") == "Z\xC3\xBCrich");
  CHECK(decode_header("=?base64?"
                      "?=") == "");
  for (const char* literal : {"=?base64?WsO8cmljaA==", "WsO8cmljaA==?=", "=?BASE64?WsO8cmljaA==?=", "=?utf-8?x?="})
    CHECK(decode_header(literal) == literal);
  for (const char* bad : {"=?base64?WsO8cmljaA=?=", "=?base64?WsO8cmljaA?=", "=?base64?Wp==?=", "=?base64?W*==?=",
                          "=?base64?W sO8?=", "=?base64?_-8=?=", "=?base64?/w==?=", "=?base64?=", "Z\xC3\xBCrich", "a\x01"}) {
    CAPTURE(bad);
    CHECK_FALSE(decode_header(bad));
  }
}

TEST_CASE("the vocabulary is the policy's, by era and direction") {
  for (const policy::Method& method : policy::kMethods) {
    CAPTURE(method.name);
    if (method.name.starts_with("durward/")) {  // the gateway's own words in its ledger: never a client's
      for (const Era era : {Era::modern, Era::legacy}) {
        CHECK_FALSE((client_may_send(era, method.name, true) || client_may_send(era, method.name, false)));
      }
      continue;
    }
    const bool request = !method.name.starts_with("notifications/");
    CHECK((client_may_send(Era::legacy, method.name, request) || client_may_send(Era::modern, method.name, request)));
    CHECK_FALSE((client_may_send(Era::legacy, method.name, !request) || client_may_send(Era::modern, method.name, !request)));
  }
  for (const char* gone : {"initialize", "ping", "logging/setLevel", "resources/subscribe", "tasks/get"}) {
    CAPTURE(gone);
    CHECK_FALSE(client_may_send(Era::modern, gone, true));
    CHECK(client_may_send(Era::legacy, gone, true));
  }
  CHECK_FALSE(client_may_send(Era::legacy, "server/discover", true));
  CHECK_FALSE(client_may_send(Era::legacy, "tools/Call", true));
  CHECK_FALSE(server_may_send(Era::modern, "elicitation/create", true));
  CHECK(server_may_send(Era::legacy, "elicitation/create", true));
  CHECK(server_may_send(Era::modern, "notifications/subscriptions/acknowledged", false));
  CHECK_FALSE(server_may_send(Era::legacy, "notifications/initialized", false));
  CHECK(server_may_send(Era::legacy, "notifications/progress", false));
}

namespace {

/// One message of the corpus, sent with the headers that its revision asks for. "client", "server", or the refusal.
std::string pass(const std::string& text, const std::string& revision) {
  const json::Document document = parse(text);
  const json::Value root = document.root();
  const std::string method = root.find("method").string();
  const bool request = static_cast<bool>(root.find("id"));
  const Era era = is_modern(revision) ? Era::modern : Era::legacy;
  if (root.find("method") && !server_may_send(era, method, request)) {
    const std::string name = root.find("params").find(name_member(method)).string();
    Fields fields{{"MCP-Protocol-Version", revision}, {"Mcp-Method", method}};
    if (!name.empty()) fields.push_back({"Mcp-Name", name});
    auto message = read_message(document, {"POST", "/", fields});
    if (!message) return std::string(policy::name(message.error().violation.reason));
    return message->era == era && message->revision == revision ? "client" : "another revision";
  }
  auto read = read_incoming(root);
  if (!read) return read.error().detail;
  return "server";
}

}  // namespace

TEST_CASE("the messages of the specification pass as their revision") {
  const auto root = tests::corpus("mcp_messages");
  if (!root) return;
  for (const std::string revision : {"2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"}) {
    std::ifstream lines(*root / revision / "doc_samples.jsonl");
    int seen = 0;
    for (std::string line; std::getline(lines, line);) {
      const json::Document row = parse(line);
      if (!row.root().find("jsonrpc").boolean()) continue;
      const bool strict = row.root().find("parsed").equals("True");  // else the page has comments in it
      const std::string raw = strict ? row.root().find("raw").string() : std::string(row.root().find("value").raw());
      const json::Document sample = parse(raw);
      const std::string method = sample.root().find("method").string();
      const bool claims = static_cast<bool>(sample.root().find("params").find("_meta").find(kCapabilitiesKey));
      CAPTURE(raw);
      ++seen;
      const std::string got = pass(raw, revision);
      // The pages leave the envelope out of many modern requests; without it they must be refused for just that.
      if (is_modern(revision) && !claims && sample.root().find("id") && !method.empty()) {
        CHECK(got == "bad_envelope");
      } else {
        CHECK((got == "client" || got == "server"));
      }
    }
    CHECK(seen > 40);
  }
}

TEST_CASE("the official examples of 2026-07-28 pass") {
  const auto root = tests::corpus("mcp_messages");
  if (!root) return;
  int seen = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*root / "2026-07-28" / "examples")) {
    if (!entry.is_regular_file()) continue;
    const std::string text = tests::read_file(entry.path());
    const json::Document document = parse(text);
    if (!document.root().find("jsonrpc")) continue;
    CAPTURE(entry.path().string());
    const std::string got = pass(text, "2026-07-28");
    CHECK((got == "client" || got == "server"));
    ++seen;
  }
  CHECK(seen > 20);
}
