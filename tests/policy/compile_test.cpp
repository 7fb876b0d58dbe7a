#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "policy/rulebook.hpp"
#include "tests/policy/book.hpp"

namespace durward::policy {
namespace {

using tests::Book;
using Said = std::vector<std::string>;

Book open_book() {
  Book made;
  made.policy.allowlist = Book::list({"*"});
  return made;
}

}  // namespace

TEST_CASE("a sound policy compiles without a word") {
  Book made = open_book();
  made.policy.servers["files"].methods = Book::list({"tools/*"});
  made.policy.deny_on = Book::list({"tool_not_in_allowlist"});
  CHECK(made.said().empty());
  CHECK(made.compile()->tenant() == "acme");
  CHECK(made.compile()->retention() == "30d");
  CHECK(made.compile()->mode() == config::Mode::enforce);
}

TEST_CASE("every error is reported at once, each with its place") {
  Book made = open_book();
  made.policy.allowlist = Book::list({"*", "read", "mcp://files/a%20b"});
  made.policy.denylist = Book::list({"mcp://files"});
  made.policy.deny_on = Book::list({"tool_not_in_alowlist", "prompt_not_in_allowlist", "stream_closed", "nonsense"});
  made.policy.servers["fles"].where = {"policy.yaml", 20, 3};
  made.policy.servers["files"].methods = Book::list({"tools/calls", "nope/*"});
  made.policy.servers["files"].prompts = Book::list({""});
  CHECK(made.try_compile() == nullptr);
  CHECK(made.said() ==
        Said{"10:1: error: `tool_not_in_alowlist` is no code of a finding; did you mean `tool_not_in_allowlist`?",
             "10:2: error: `prompt_not_in_allowlist` decides on its own: it cannot stand in deny_on",
             "10:3: error: `stream_closed` is only ever noted and decides nothing: it cannot stand in deny_on",
             "10:4: error: `nonsense` is no code of a finding", "10:2: error: a pattern is `*` or begins with `mcp://`",
             "10:3: error: a pattern holds no `%`: names are compared as they are written, never decoded",
             "10:1: error: a pattern names a tool: `mcp://server/*` means all of a server's",
             "10:1: error: a pattern is not empty; an empty list allows nothing",
             "10:1: error: `tools/calls` is no method that a client may send; did you mean `tools/call`?",
             "10:2: warning: `nope/*` matches no method that a client may send",
             "20:3: error: no server `fles` is configured; did you mean `files`?"});
}

TEST_CASE("codes that nothing raises are accepted and reported") {
  Book made = open_book();
  made.policy.deny_on =
      Book::list({"tool_not_in_allowlist", "skill_scan_failed", "sast_failed", "dast_pending", "contextual_evaluator_denied"});
  made.policy.escalate_on = Book::list({"agent_guard_failed", "integrity_violation", "ap2_vc_untrusted"});
  const Said said = made.said();
  REQUIRE(said.size() == 7);
  CHECK(said[0] == "10:2: warning: `skill_scan_failed` is never raised here: a gateway cannot see what it is about");
  for (std::size_t i = 0; i < 4; ++i) CHECK(said[i].find("never raised here") != std::string::npos);
  CHECK(said[4] == "10:1: warning: `agent_guard_failed` is not raised yet: no check of this version finds it");
  for (std::size_t i = 4; i < 7; ++i) CHECK(said[i].find("not raised yet") != std::string::npos);
}

TEST_CASE("what cannot have been meant is warned of") {
  Book made = open_book();
  made.policy.allowlist = Book::list({"mcp://files/*", "mcp://fils/read", "mcp://db/drop", "mcp://db/{a,b}"});
  made.policy.denylist = Book::list({"mcp://*/drop"});
  CHECK(made.said() ==
        Said{"10:2: warning: `mcp://fils/read` matches no configured server; did you mean `files`?",
             "10:4: warning: only `*` is a wildcard: `mcp://db/{a,b}` is compared with every other character as it stands",
             "10:3: warning: `mcp://db/drop` allows nothing: `mcp://*/drop` in the denylist covers it"});
  made = Book();
  CHECK(made.said() == Said{"0:0: warning: the allowlist is empty: no tool may be called"});
  made = open_book();
  made.policy.deny_on = Book::list({});
  CHECK(made.said() == Said{"0:0: warning: `deny_on` is empty: listed findings are recorded as would_deny and deny nothing"});
  made = open_book();
  made.servers["files"].tools = {{{"*", {"durward.yaml", 5, 1}}, {}},
                                 {{"read_*", {"durward.yaml", 6, 1}}, {config::ToolKind::read}}};
  CHECK(made.said() == Said{"6:1: warning: `read_*` is never reached: `*` stands before it"});
}

TEST_CASE("resource patterns that can match nothing are reported") {
  Book made = open_book();
  made.policy.servers["files"].resources = Book::list({"file:///a/../b", "x:*" + std::string(100, 'a') + "*", "file:///ok/**"});
  CHECK(made.said() == Said{"10:1: warning: `file:///a/../b` matches nothing: URIs with such characters are refused",
                            "10:2: error: a resource pattern has at most 63 characters from its first `*` to its last"});
}

TEST_CASE("an empty deny_on compiles, and what deny_on and escalate_on both name is escalated") {
  Book quickstart = open_book();
  quickstart.policy.deny_on = Book::list({});
  CHECK(quickstart.try_compile());
  Book full;
  full.servers["vision-mcp"].name = "vision-mcp";
  full.servers["database-mcp"].name = "database-mcp";
  full.policy.allowlist = Book::list({"mcp://vision-mcp/*@*", "mcp://database-mcp/query@*"});
  full.policy.deny_on = Book::list({"tool_not_in_allowlist", "agent_guard_failed", "integrity_violation"});
  full.policy.escalate_on = Book::list({"tool_not_in_allowlist", "missing_idempotency_for_side_effect"});
  const auto book = full.compile();
  const Principal caller = anonymous("my-app");
  CHECK(book->judge(caller, tests::call("vision-mcp", "see")).verdict == Verdict::allow);
  CHECK(book->judge(caller, tests::call("database-mcp", "query", "1")).verdict == Verdict::allow);
  CHECK(book->judge(caller, tests::call("database-mcp", "drop")).verdict == Verdict::escalate);
}

TEST_CASE("the digest moves with everything that decides") {
  std::set<std::string> digests;
  const auto add = [&digests](Book made) {
    const auto book = made.try_compile();
    REQUIRE(book);
    CHECK(book->digest().size() == 71);
    CHECK(book->digest().rfind("sha256:", 0) == 0);
    digests.insert(book->digest());
  };
  std::vector<void (*)(Book&)> changes = {
      [](Book&) {},
      [](Book& b) { b.policy.allowlist = Book::list({"mcp://files/*"}); },
      [](Book& b) { b.policy.denylist = Book::list({"mcp://files/x"}); },
      [](Book& b) { b.policy.mode = config::Mode::observe; },
      [](Book& b) { b.policy.deny_on = Book::list({}); },
      [](Book& b) { b.policy.deny_on = Book::list({"egress_violation"}); },
      [](Book& b) { b.policy.escalate_on = Book::list({"egress_violation"}); },
      [](Book& b) { b.policy.tenant = "other"; },
      [](Book& b) { b.policy.default_retention = "7d"; },
      [](Book& b) { b.policy.servers["files"].methods = Book::list({}); },
      [](Book& b) { b.policy.servers["files"].methods = Book::list({"tools/*"}); },
      [](Book& b) { b.policy.servers["files"].prompts = Book::list({"tools/*"}); },
      [](Book& b) { b.policy.servers["files"].resources = Book::list({"tools/*"}); },
      [](Book& b) { b.policy.servers["db"].resources = Book::list({"tools/*"}); },
      [](Book& b) {
        b.servers["files"].version = config::Located<std::string>{"1", {}};
      },
      [](Book& b) {
        b.servers["files"].tools = {{{"a*", {}}, {config::ToolKind::read}}};
      },
      [](Book& b) {
        b.servers["files"].tools = {{{"a*", {}}, {config::ToolKind::exec}}};
      },
      [](Book& b) { b.servers["third"].name = "third"; },
  };
  for (const auto change : changes) {
    Book made = open_book();
    change(made);
    add(std::move(made));
  }
  CHECK(digests.size() == changes.size());
}

TEST_CASE("the digest does not move with order, repetition, place or another name of the same code") {
  Book one = open_book();
  one.policy.allowlist = Book::list({"mcp://files/a", "mcp://db/b"});
  one.policy.deny_on = Book::list({"idempotency_missing", "egress_violation"});
  one.servers["files"].tools = {{{"a", {}}, {}}};
  Book two = open_book();
  two.policy.file = "elsewhere.yaml";
  two.policy.allowlist = Book::list({"mcp://db/b", "mcp://files/a", "mcp://db/b"});
  for (auto& entry : two.policy.allowlist) entry.where.line = 99;
  two.policy.deny_on = Book::list({"egress_violation", "missing_idempotency_for_side_effect"});
  two.servers["files"].tools = {{{"a", {}}, {config::ToolKind::mutate}}};
  two.servers["files"].url.value = "http://127.0.0.1:1/mcp";
  CHECK(one.compile()->digest() == two.compile()->digest());
}

TEST_CASE("the digest is that of a known document") {
  // SHA-256 of {"allowlist":["*"],"denylist":[],"format":1,"mode":"enforce","retention":"30d","servers":{"db":{"kinds":[]},
  // "files":{"kinds":[]}},"tenant":"acme"}, computed with Python's hashlib.
  CHECK(open_book().compile()->digest() == "sha256:7070e54c7663298a88a35f312ec52cbab2e3564d66e48c03adaaf24007527593");
}

TEST_CASE("the tables of codes agree with themselves") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kCodes; ++i) {
    const auto code = static_cast<Code>(i);
    CHECK(names.insert(info(code).name).second);
    CHECK(find_code(info(code).name) == &info(code));
    CHECK(listed_codes(info(code).name).size() == (info(code).of == CodeClass::listed ? 1 : 0));
  }
  const auto family = listed_codes("integrity_violation");
  CHECK(std::set<Code>(family.begin(), family.end()) ==
        std::set<Code>{Code::registry_mutation, Code::handler_swap, Code::server_code_changed, Code::tool_code_changed});
  CHECK(listed_codes("idempotency_missing") == std::vector<Code>{Code::missing_idempotency_for_side_effect});
  CHECK(listed_codes("no_such_code").empty());
  for (const std::string_view listed : listed_names()) CHECK_FALSE(listed_codes(listed).empty());
  CHECK(listed_names().size() == 23 + 14 + 2);
}

TEST_CASE("every reason has a name of its own") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kReasons; ++i) names.insert(name(static_cast<Reason>(i)));
  CHECK(names.size() == kReasons);
}

}  // namespace durward::policy
