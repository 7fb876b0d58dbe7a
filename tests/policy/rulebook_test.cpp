#include "policy/rulebook.hpp"

#include <catch2/catch.hpp>

#include "policy/methods.hpp"
#include "tests/policy/book.hpp"

namespace durward::policy {
namespace {

using tests::asking;
using tests::Book;
using tests::call;
using tests::prompting;
using tests::reading;

const Principal kCaller = anonymous("acme");

std::string verdict(const Rulebook& book, const Naming& naming) {
  return std::string(name(book.judge(kCaller, naming).verdict));
}

/// `code effect` of each finding.
std::string found(const Decision& decision) {
  std::string out;
  for (const Finding& one : decision.findings) {
    out += (out.empty() ? "" : ", ") + std::string(info(one.code).name) + " " + std::string(name(one.effect));
  }
  return out;
}

std::string found(const Rulebook& book, const Naming& naming) { return found(book.judge(kCaller, naming)); }

}  // namespace

TEST_CASE("a tool is allowed if it is in the allowlist and not in the denylist") {
  Book made;
  made.policy.allowlist = Book::list({"mcp://files/*", "mcp://db/query@2.*"});
  made.policy.denylist = Book::list({"mcp://files/delete_*", "mcp://*/drop"});
  const auto book = made.compile();
  CHECK(verdict(*book, call("files", "read")) == "allow");
  CHECK(verdict(*book, call("files", "delete_all")) == "deny");
  CHECK(verdict(*book, call("files", "drop")) == "deny");
  CHECK(verdict(*book, call("db", "query", "2.1")) == "allow");
  CHECK(verdict(*book, call("db", "query", "3.0")) == "deny");
  CHECK(verdict(*book, call("db", "query")) == "deny");
  CHECK(verdict(*book, call("db", "insert", "2.1")) == "deny");
  CHECK(verdict(*book, call("files", "a/b")) == "deny");
}

TEST_CASE("the decision tells which pattern decided, and where the name stands") {
  Book made;
  made.policy.allowlist = Book::list({"mcp://files/*"});
  made.policy.denylist = Book::list({"mcp://files/delete_*"});
  const auto book = made.compile();
  const Decision allowed = book->judge(kCaller, call("files", "read"));
  CHECK(allowed.rules == std::vector<std::string>{"mcp://files/*"});
  CHECK(allowed.findings.empty());
  CHECK(allowed.checked == 1);
  CHECK(allowed.mode == config::Mode::enforce);
  CHECK(allowed.rulebook == book->digest());
  const Decision denied = book->judge(kCaller, call("files", "delete_x"));
  CHECK(denied.rules == std::vector<std::string>{"mcp://files/delete_*"});
  REQUIRE(denied.findings.size() == 1);
  CHECK(denied.findings[0].rule == "mcp://files/delete_*");
  CHECK(denied.findings[0].at == "/params/name");
  CHECK(book->judge(kCaller, call("db", "x")).rules.empty());
}

TEST_CASE("a denylist that names a version denies a tool whose version is unknown") {
  Book made;
  made.policy.allowlist = Book::list({"*"});
  made.policy.denylist = Book::list({"mcp://files/read@1.0"});
  const auto book = made.compile();
  CHECK(verdict(*book, call("files", "read", "1.1")) == "allow");
  CHECK(verdict(*book, call("files", "read", "1.0")) == "deny");
  CHECK(verdict(*book, call("files", "read")) == "deny");
}

TEST_CASE("a configured version overrides what the upstream reports") {
  Book made;
  made.policy.allowlist = Book::list({"mcp://files/*@2.0"});
  made.servers["files"].version = config::Located<std::string>{"2.0", {}};
  const auto book = made.compile();
  CHECK(verdict(*book, call("files", "read", "1.0")) == "allow");
  CHECK(verdict(*book, call("files", "read")) == "allow");
  const auto granted = grant(*book, kCaller, call("files", "read", "1.0"));
  REQUIRE(granted);
  CHECK(granted->ref().text() == "mcp://files/read@2.0");
}

TEST_CASE("listed codes follow deny_on and escalate_on") {
  using List = std::optional<std::vector<std::string>>;
  struct Row {
    List deny_on, escalate_on;
    config::Mode mode;
    const char* verdict;
    const char* effect;
  };
  const std::vector<std::string> none, other{"egress_violation"}, same{"tool_not_in_allowlist"};
  const auto enforce = config::Mode::enforce, observe = config::Mode::observe;
  const Row rows[] = {
      {std::nullopt, std::nullopt, enforce, "deny", "deny"},
      {std::nullopt, same, enforce, "escalate", "escalate"},
      {none, std::nullopt, enforce, "allow", "would_deny"},
      {none, same, enforce, "escalate", "escalate"},
      {other, std::nullopt, enforce, "allow", "would_deny"},
      {same, std::nullopt, enforce, "deny", "deny"},
      {same, same, enforce, "escalate", "escalate"},
      {same, other, enforce, "deny", "deny"},
      {std::nullopt, std::nullopt, observe, "allow", "would_deny"},
      {same, same, observe, "allow", "would_deny"},
  };
  for (const Row& row : rows) {
    Book made;
    made.policy.allowlist = Book::list({"mcp://files/read"});
    if (row.deny_on) made.policy.deny_on = Book::list(*row.deny_on);
    if (row.escalate_on) made.policy.escalate_on = Book::list(*row.escalate_on);
    made.policy.mode = row.mode;
    const auto book = made.compile();
    CAPTURE(row.verdict, row.effect, row.deny_on.has_value(), row.escalate_on.has_value());
    CHECK(verdict(*book, call("files", "write")) == row.verdict);
    CHECK(found(*book, call("files", "write")) == "tool_not_in_allowlist " + std::string(row.effect));
    CHECK(found(*book, call("files", "read")).empty());
    CHECK(book->visible(kCaller, call("files", "write")) == (std::string(row.verdict) != "deny"));
  }
}

TEST_CASE("settling adds findings by their class, and the strictest wins") {
  Book made;
  made.policy.allowlist = Book::list({"*"});
  made.policy.deny_on = Book::list({"egress_violation", "integrity_violation"});
  made.policy.escalate_on = Book::list({"idempotency_missing"});
  const auto settled = [](const Rulebook& book, const std::vector<Code>& codes) {
    Decision decision = book.judge(kCaller, call("files", "read"));
    book.settle(decision, codes);
    return std::string(name(decision.verdict)) + ": " + found(decision);
  };
  auto book = made.compile();
  CHECK(settled(*book, {}) == "allow: ");
  CHECK(settled(*book, {Code::stream_closed, Code::descriptor_unseen}) == "allow: stream_closed note, descriptor_unseen note");
  CHECK(settled(*book, {Code::fs_violation}) == "allow: fs_violation would_deny");
  CHECK(settled(*book, {Code::missing_idempotency_for_side_effect, Code::fs_violation}) ==
        "escalate: missing_idempotency_for_side_effect escalate, fs_violation would_deny");
  CHECK(settled(*book, {Code::egress_violation, Code::missing_idempotency_for_side_effect}) ==
        "deny: egress_violation deny, missing_idempotency_for_side_effect escalate");
  for (const Code code : {Code::registry_mutation, Code::tool_code_changed, Code::server_code_changed, Code::handler_swap}) {
    CHECK(settled(*book, {code}) == "deny: " + std::string(info(code).name) + " deny");
  }
  CHECK(settled(*book, {Code::policy_error}) == "deny: policy_error deny");
  made.policy.mode = config::Mode::observe;
  book = made.compile();
  CHECK(settled(*book, {Code::egress_violation, Code::method_not_allowed, Code::stream_closed}) ==
        "allow: egress_violation would_deny, method_not_allowed would_deny, stream_closed note");
  CHECK(settled(*book, {Code::policy_error}) == "deny: policy_error deny");
}

TEST_CASE("without lists everything of a server is allowed of which a tool may be named") {
  Book made;
  made.policy.allowlist = Book::list({"mcp://files/read"});
  const auto book = made.compile();
  for (const Method& method : kMethods) {
    if (method.name == "tools/call") continue;
    CAPTURE(method.name);
    const bool plumbing_or_tools = method.about == Subject::plumbing || method.about == Subject::tools;
    CHECK(verdict(*book, asking("files", method.name)) == "allow");
    CHECK(verdict(*book, asking("db", method.name)) == (plumbing_or_tools ? "allow" : "deny"));
  }
  CHECK(verdict(*book, prompting("files", "any")) == "allow");
  CHECK(verdict(*book, reading("files", "file:///a/../b")) == "allow");
  CHECK(found(*book, prompting("db", "any")) == "method_not_allowed deny, prompt_not_in_allowlist deny");
  CHECK(found(*book, reading("db", "x:y")) == "method_not_allowed deny, resource_not_in_allowlist deny");
}

TEST_CASE("a server whose tools are all denied counts as one of which no tool may be named") {
  Book made;
  made.policy.allowlist = Book::list({"*"});
  made.policy.denylist = Book::list({"mcp://db/*"});
  CHECK(verdict(*made.compile(), asking("db", "resources/list")) == "deny");
  CHECK(verdict(*made.compile(), asking("files", "resources/list")) == "allow");
  // Where a tool outside the lists passes all the same, so does the rest.
  made.policy.deny_on = Book::list({});
  CHECK(verdict(*made.compile(), asking("db", "resources/list")) == "allow");
}

TEST_CASE("a written list of prompts or resources opens its own methods where no tool may be named") {
  Book made;
  made.policy.allowlist = Book::list({"mcp://files/read"});
  made.policy.servers["db"].resources = Book::list({"table://public/*"});
  const auto book = made.compile();
  CHECK(verdict(*book, asking("db", "resources/list")) == "allow");
  CHECK(verdict(*book, reading("db", "table://public/a")) == "allow");
  CHECK(verdict(*book, reading("db", "table://secret/a")) == "deny");
  CHECK(verdict(*book, asking("db", "prompts/list")) == "deny");
  CHECK(verdict(*book, asking("db", "logging/setLevel")) == "deny");
  made.policy.servers["db"].resources = Book::list({});
  CHECK(verdict(*made.compile(), asking("db", "resources/list")) == "deny");
}

TEST_CASE("a list of methods allows what it names, and plumbing always") {
  Book made;
  made.policy.allowlist = Book::list({"*"});
  made.policy.servers["files"].methods = Book::list({"tools/*", "resources/read"});
  auto book = made.compile();
  CHECK(verdict(*book, call("files", "read")) == "allow");
  CHECK(book->judge(kCaller, call("files", "read")).rules == std::vector<std::string>{"tools/*", "*"});
  CHECK(verdict(*book, asking("files", "tools/list")) == "allow");
  CHECK(verdict(*book, reading("files", "file:///a")) == "allow");
  CHECK(found(*book, asking("files", "resources/list")) == "method_not_allowed deny");
  CHECK(book->judge(kCaller, asking("files", "resources/list")).findings[0].at == "/method");
  made.policy.servers["files"].methods = Book::list({});
  book = made.compile();
  CHECK(found(*book, call("files", "read")) == "method_not_allowed deny");
  for (const char* method : {"initialize", "ping", "notifications/initialized", "notifications/cancelled",
                             "notifications/progress", "server/discover"}) {
    CAPTURE(method);
    CHECK(verdict(*book, asking("files", method)) == "allow");
  }
}

TEST_CASE("a method that no revision has is refused in every mode") {
  Book made;
  made.policy.allowlist = Book::list({"*"});
  made.policy.mode = config::Mode::observe;
  made.policy.servers["files"].methods = Book::list({"*"});
  const auto book = made.compile();
  for (const char* method : {"", "tools/Call", "tools/call ", "Tools/call", "x/y", "sampling/createMessage", "roots/list",
                             "tools/callx", "rpc.discover"}) {
    CAPTURE(method);
    CHECK(found(*book, asking("files", method)) == "method_not_allowed deny");
    CHECK(verdict(*book, asking("files", method)) == "deny");
  }
}

TEST_CASE("observe turns own effects into would_deny") {
  Book made;
  made.policy.allowlist = Book::list({"*"});
  made.policy.mode = config::Mode::observe;
  made.policy.servers["files"] = {{}, Book::list({}), Book::list({}), Book::list({})};
  const auto book = made.compile();
  CHECK(verdict(*book, reading("files", "x:y")) == "allow");
  CHECK(found(*book, reading("files", "x:y")) == "method_not_allowed would_deny, resource_not_in_allowlist would_deny");
  CHECK(found(*book, prompting("files", "x")) == "method_not_allowed would_deny, prompt_not_in_allowlist would_deny");
}

TEST_CASE("an empty deny_on lets own effects stand") {
  Book made;
  made.policy.allowlist = Book::list({"*"});
  made.policy.deny_on = Book::list({});
  made.policy.servers["files"].prompts = Book::list({"ok"});
  CHECK(found(*made.compile(), prompting("files", "other")) == "prompt_not_in_allowlist deny");
}

TEST_CASE("prompts and resources are judged by their lists in every method that names them") {
  Book made;
  made.policy.allowlist = Book::list({"*"});
  made.policy.servers["files"].prompts = Book::list({"review_*", "plan"});
  made.policy.servers["files"].resources = Book::list({"file:///docs/**"});
  const auto book = made.compile();
  CHECK(verdict(*book, prompting("files", "review_code")) == "allow");
  CHECK(verdict(*book, prompting("files", "plans")) == "deny");
  CHECK(verdict(*book, prompting("files", "")) == "deny");
  CHECK(verdict(*book, reading("files", "file:///docs/a/b")) == "allow");
  CHECK(verdict(*book, reading("files", "file:///docs/../etc/passwd")) == "deny");
  CHECK(verdict(*book, reading("files", "file:///docs/%2e%2e/etc/passwd")) == "deny");
  CHECK(verdict(*book, reading("files", "FILE:///docs/a")) == "deny");
  for (const char* method : {"resources/subscribe", "resources/unsubscribe", "completion/complete", "subscriptions/listen"}) {
    CAPTURE(method);
    CHECK(verdict(*book, {"files", method, Target::resource, "file:///docs/a", {}, Listing::listed}) == "allow");
    CHECK(verdict(*book, {"files", method, Target::resource, "file:///etc/a", {}, Listing::listed}) == "deny");
  }
  const Decision completion = book->judge(kCaller, {"files", "completion/complete", Target::prompt, "x", {}, Listing::listed});
  CHECK(found(completion) == "prompt_not_in_allowlist deny");
  CHECK(completion.findings[0].at == "/params/ref/name");
}

TEST_CASE("a method that uses a thing is judged as such, whatever the message is said to name") {
  Book made;
  made.policy.allowlist = Book::list({"mcp://files/read"});
  made.policy.servers["files"].prompts = Book::list({});
  made.policy.servers["files"].resources = Book::list({});
  const auto book = made.compile();
  for (const char* method : {"tools/call", "prompts/get", "resources/read", "resources/subscribe", "resources/unsubscribe"}) {
    CAPTURE(method);
    CHECK(verdict(*book, asking("files", method)) == "deny");
  }
}

TEST_CASE("a server that is not configured is denied whatever is asked, in every mode") {
  Book made;
  made.policy.allowlist = Book::list({"*"});
  made.policy.mode = config::Mode::observe;
  const auto book = made.compile();
  CHECK(verdict(*book, call("nowhere", "read")) == "deny");
  CHECK(verdict(*book, asking("nowhere", "ping")) == "deny");
}

TEST_CASE("the gateway's own list fetches pass any list of methods, and nothing else of its does") {
  Book made;
  made.policy.allowlist = Book::list({"mcp://files/read"});
  made.policy.servers["files"].methods = Book::list({"tools/call"});
  const auto book = made.compile();
  for (const char* method : {"tools/list", "prompts/list", "resources/list", "resources/templates/list"}) {
    CHECK(book->judge(self(), asking("files", method)).verdict == Verdict::allow);
    CHECK(book->judge(kCaller, asking("files", method)).verdict == Verdict::deny);
  }
  CHECK(book->judge(self(), asking("files", "logging/setLevel")).verdict == Verdict::deny);
  CHECK(book->judge(self(), call("files", "write")).verdict == Verdict::deny);
}

TEST_CASE("a tool's kinds are those of the first pattern that matches, else mutate") {
  using config::ToolKind;
  Book made;
  made.servers["files"].tools = {
      {{"read_*", {}}, {ToolKind::read}}, {{"*_remote", {}}, {ToolKind::exec, ToolKind::egress}}, {{"plain", {}}, {}}};
  made.policy.allowlist = Book::list({"*"});
  const auto book = made.compile();
  CHECK(book->kinds("files", "read_remote") == 1);
  CHECK(book->kinds("files", "run_remote") == 12);
  CHECK(book->kinds("files", "plain") == 2);
  CHECK(book->kinds("files", "else") == 2);
  CHECK(book->kinds("db", "read_x") == 2);
  CHECK(book->kinds("nowhere", "read_x") == 2);
  CHECK_FALSE(grant(*book, kCaller, call("files", "read_x"))->side_effect());
  CHECK(grant(*book, kCaller, call("files", "write"))->side_effect());
  CHECK_FALSE(grant(*book, kCaller, asking("files", "tools/list"))->side_effect());
}

TEST_CASE("equal inputs give equal decisions") {
  Book made;
  made.policy.allowlist = Book::list({"mcp://files/*"});
  const auto first = made.compile(), second = made.compile();
  for (const Naming& naming : {call("files", "a"), call("db", "a"), asking("db", "prompts/list"), reading("files", "x:y")}) {
    const Decision a = first->judge(kCaller, naming), b = second->judge(kCaller, naming);
    CHECK(a.verdict == b.verdict);
    CHECK(a.rules == b.rules);
    CHECK(found(a) == found(b));
    CHECK(a.rulebook == b.rulebook);
  }
}

}  // namespace durward::policy
