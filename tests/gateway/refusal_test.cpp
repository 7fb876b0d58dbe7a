#include "gateway/refusal.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "policy/json.hpp"

using namespace durward;
using namespace durward::gateway;
using policy::Reason;

namespace {

RefusalContext of(Reason reason) {
  RefusalContext context;
  context.reason = reason;
  context.id = "7";
  context.era = Era::modern;
  context.method = "tools/call";
  context.authenticated = true;
  context.entry = "01J";
  context.name = "t";
  return context;
}

std::string header(const Refusal& refusal, std::string_view name) {
  for (const auto& [key, value] : refusal.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("every reason has its row, labelled by its name") {
  for (std::size_t i = 0; i < policy::kReasons; ++i) {
    const auto reason = static_cast<Reason>(i);
    CHECK(row(reason).reason == reason);
    CHECK(row(reason).label == policy::name(reason));
  }
}

TEST_CASE("statuses and codes are those of the page") {
  struct Case {
    Reason reason;
    unsigned modern, legacy;
    int rpc;
  };
  const std::vector<Case> cases{
      {Reason::not_json, 400, 400, -32700},
      {Reason::not_a_message, 400, 400, -32600},
      {Reason::bad_envelope, 400, 400, -32602},
      {Reason::header_mismatch, 400, 400, -32020},
      {Reason::version_unsupported, 400, 400, -32022},
      {Reason::method_not_allowed, 404, 200, -32601},
      {Reason::unauthenticated, 401, 401, 42401},
      {Reason::unknown_tool, 200, 200, -32602},
      {Reason::denied, 200, 200, 42001},
      {Reason::awaits_approval, 200, 200, 42002},
      {Reason::withheld, 200, 200, 42003},
      {Reason::batch_refused, 200, 200, 42006},
      {Reason::overloaded, 200, 200, 42503},
      {Reason::ledger_unavailable, 200, 200, 42503},
      {Reason::catalogue_unavailable, 200, 200, 42503},
      {Reason::upstream_unreachable, 200, 200, 42502},
      {Reason::upstream_timeout, 200, 200, 42504},
      {Reason::body_too_large, 413, 413, -32600},
      {Reason::headers_too_large, 431, 431, -32600},
      {Reason::unsupported_media, 415, 415, -32600},
      {Reason::session_unknown, 404, 404, -32600},
      {Reason::origin_forbidden, 403, 403, -32600},
      {Reason::host_forbidden, 403, 403, -32600},
  };
  for (const Case& each : cases) {
    CAPTURE(policy::name(each.reason));
    RefusalContext context = of(each.reason);
    CHECK(refuse(context).http == each.modern);
    context.era = Era::legacy;
    CHECK(refuse(context).http == each.legacy);
    CHECK(row(each.reason).rpc == each.rpc);
  }
}

TEST_CASE("no code of ours is in JSON-RPC's reserved range, but for the protocol's own") {
  const std::set<int> own{-32700, -32600, -32601, -32602, -32603, -32020, -32022};
  for (const Row& each : refusal_table()) CHECK((each.rpc > 0 || own.contains(each.rpc)));
}

TEST_CASE("every body is one JSON-RPC error, whatever the context") {
  policy::Decision decision;
  decision.findings.push_back({policy::Code::tool_not_in_allowlist, policy::Effect::deny, "/params/name", "mcp://*"});
  for (std::size_t i = 0; i < policy::kReasons; ++i) {
    for (unsigned bits = 0; bits < 32; ++bits) {
      RefusalContext context = of(static_cast<Reason>(i));
      context.era = (bits & 1U) != 0 ? Era::modern : Era::legacy;
      context.authenticated = (bits & 2U) != 0;
      if ((bits & 4U) != 0) context.decision = &decision;
      if ((bits & 8U) != 0) context.shape = Shape::notification;
      if ((bits & 16U) != 0) context.id = {};
      context.effect = "unknown";
      context.name = "a\"\n\xFF<";
      context.requested = "v999\"";
      const Refusal refusal = refuse(context);
      CAPTURE(refusal.body);
      auto document = json::Document::parse(refusal.body);
      REQUIRE(document);
      auto read = read_incoming(document->root());
      REQUIRE(read);
      if (read->kind == IncomingKind::result) {
        CHECK(context.reason == Reason::arguments_invalid);
        continue;
      }
      CHECK(read->kind == IncomingKind::error);
      CHECK(read->error.find("code").integer() == row(context.reason).rpc);
      CHECK(header(refusal, "content-type") == "application/json");
      if (!context.authenticated) CHECK_FALSE(static_cast<bool>(read->error.find("data")));
      if (context.era == Era::modern) CHECK_FALSE(document->root().find("id").is(json::Kind::null));
      const bool one_way = context.shape == Shape::notification && row(context.reason).tells != Tells::nothing;
      if (context.era == Era::legacy) CHECK(static_cast<bool>(document->root().find("id")) != one_way);
    }
  }
}

TEST_CASE("arguments that break a tool's schema are answered as a result of the tool, which models correct") {
  RefusalContext context = of(Reason::arguments_invalid);
  context.explanation = "/a: must be a \"number\" (type)";
  CHECK(refuse(context).http == 200);
  CHECK(
      refuse(context).body ==
      R"~({"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"Invalid arguments\n/a: must be a \"number\" (type)"}],)~"
      R"~("isError":true,"resultType":"complete"}})~");
  context.era = Era::legacy;
  CHECK(refuse(context).body.find("resultType") == std::string::npos);
  CHECK(refuse(context).body.find("\"isError\":true") != std::string::npos);
}

TEST_CASE("what the operator says of a rule is told to whom it stops") {
  policy::Decision decision;
  decision.findings.push_back({policy::Code::rule, policy::Effect::deny, "/params/arguments/n", "big"});
  decision.reason = "Ask \"ops\".";
  RefusalContext context = of(Reason::denied);
  context.decision = &decision;
  const std::string body = refuse(context).body;
  CHECK(body.find(R"("rule":"big","why":"Ask \"ops\".")") != std::string::npos);
}

TEST_CASE("server/discover is never answered in a way that makes SDK v2 fall back without a word") {
  // What the protocol fixes before policy is asked, and what no route can answer otherwise.
  const std::set<Reason> protocol{Reason::not_json,        Reason::not_a_message,           Reason::bad_envelope,
                                  Reason::header_mismatch, Reason::version_unsupported,     Reason::no_such_route,
                                  Reason::session_unknown, Reason::http_method_not_allowed, Reason::http_malformed,
                                  Reason::body_too_large,  Reason::headers_too_large,       Reason::unsupported_media,
                                  Reason::request_timeout};
  for (const Row& each : refusal_table()) {
    if (protocol.contains(each.reason)) continue;
    RefusalContext context = of(each.reason);
    context.method = "server/discover";
    const unsigned http = refuse(context).http;
    CAPTURE(each.label, http);
    CHECK((http == 401 || http == 403 || http >= 500));
  }
  RefusalContext context = of(Reason::upstream_timeout);
  context.method = "server/discover";
  CHECK(refuse(context).http == 504);
  context.reason = Reason::upstream_unreachable;
  CHECK(refuse(context).http == 502);
  context.reason = Reason::overloaded;
  CHECK(refuse(context).http == 503);
}

TEST_CASE("overload is 503 before authentication and 200 after it, with Retry-After in both") {
  RefusalContext context = of(Reason::overloaded);
  context.retry_after_s = 3;
  CHECK(refuse(context).http == 200);
  CHECK(header(refuse(context), "retry-after") == "3");
  CHECK(refuse(context).body.find("\"retry_after_ms\":3000") != std::string::npos);
  context.authenticated = false;
  CHECK(refuse(context).http == 503);
  CHECK(header(refuse(context), "retry-after") == "3");
}

TEST_CASE("a refused notification or posted response is 403 without an id") {
  for (const Shape shape : {Shape::notification, Shape::response}) {
    RefusalContext context = of(Reason::denied);
    context.shape = shape;
    CHECK(refuse(context).http == 403);
    CHECK(refuse(context).body.find("\"id\"") == std::string::npos);
    context.era = Era::legacy;
    CHECK(refuse(context).body.find("\"id\"") == std::string::npos);
  }
}

TEST_CASE("a hidden tool and an unknown one get the same bytes") {
  policy::Decision decision;
  decision.findings.push_back({policy::Code::tool_not_in_allowlist, policy::Effect::deny, "", "mcp://s/t"});
  RefusalContext hidden = of(Reason::unknown_tool);
  hidden.decision = &decision;
  hidden.effect = "none";
  RefusalContext unknown = of(Reason::unknown_tool);
  unknown.entry = "another";
  CHECK(refuse(hidden).body == refuse(unknown).body);
  CHECK(refuse(hidden).body == R"({"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"Unknown tool: t"}})");
  hidden.name = "a\"b\n";
  CHECK(refuse(hidden).body == R"({"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"Unknown tool: a\"b\n"}})");
}

TEST_CASE("a session that does not open has one fixed body") {
  RefusalContext one = of(Reason::session_unknown);
  one.era = Era::legacy;
  RefusalContext other = one;
  other.id = "\"x\"";
  other.entry = {};
  other.authenticated = false;
  other.shape = Shape::notification;
  CHECK(refuse(one).body == refuse(other).body);
  CHECK(refuse(one).body == R"({"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Session not found"}})");
  CHECK(refuse(one).http == refuse(other).http);
}

TEST_CASE("data tells the rule and the findings that refused, and no others") {
  policy::Decision decision;
  decision.rules = {"note-rule", "r1"};
  decision.findings = {{policy::Code::descriptor_unseen, policy::Effect::note, "", "note-rule"},
                       {policy::Code::payload_too_large, policy::Effect::would_deny, "/params", ""},
                       {policy::Code::egress_violation, policy::Effect::deny, "/params/arguments/url", "r1"}};
  RefusalContext context = of(Reason::denied);
  context.decision = &decision;
  const std::string severity(policy::name(policy::info(policy::Code::egress_violation).severity));
  CHECK(
      refuse(context).body ==
      R"({"jsonrpc":"2.0","id":7,"error":{"code":42001,"message":"Denied by policy","data":{"reason":"denied","rule":"r1","findings":[{"code":"egress_violation","severity":")" +
          severity + R"(","at":"/params/arguments/url"}],"entry":"01J"}}})");
}

TEST_CASE("an agent learns whether a failed call may have run") {
  RefusalContext context = of(Reason::upstream_timeout);
  context.effect = "unknown";
  CHECK(refuse(context).body.find("\"effect\":\"unknown\"") != std::string::npos);
}

TEST_CASE("an unsupported revision is answered with those that we speak") {
  RefusalContext context = of(Reason::version_unsupported);
  context.requested = "v999";
  CHECK(refuse(context).body.find(R"("data":{"supported":["2026-07-28"],"requested":"v999")") != std::string::npos);
  context.era = Era::legacy;
  CHECK(refuse(context).body.find(R"("supported":["2026-07-28","2025-11-25","2025-06-18","2025-03-26"])") != std::string::npos);
  const std::string endless(65, 'v');
  context.requested = endless;
  CHECK(refuse(context).body.find("requested") == std::string::npos);
}

TEST_CASE("challenges and allowed methods travel in their headers") {
  RefusalContext context = of(Reason::unauthenticated);
  context.challenge = "Bearer resource_metadata=\"x\"";
  CHECK(header(refuse(context), "www-authenticate") == context.challenge);
  context = of(Reason::http_method_not_allowed);
  context.allow = "POST";
  CHECK(refuse(context).http == 405);
  CHECK(header(refuse(context), "allow") == "POST");
}

TEST_CASE("the README's table has a line for every reason") {
  const std::string table = refusal_table_markdown();
  CHECK(std::count(table.begin(), table.end(), '\n') == static_cast<long>(policy::kReasons) + 2);
  CHECK(table.find("| `method_not_allowed` | 404 (legacy 200) | 403 | 404 | 403 | -32601 |") != std::string::npos);
}
