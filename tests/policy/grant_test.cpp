#include <catch2/catch.hpp>

#include "policy/rulebook.hpp"
#include "tests/policy/book.hpp"

namespace durward::policy {
namespace {

using tests::asking;
using tests::Book;
using tests::call;
using tests::prompting;
using tests::reading;

const Principal kCaller = anonymous("acme");

std::string outcome(const Rulebook& book, const Naming& naming) {
  const auto granted = grant(book, kCaller, naming);
  return granted ? "granted" : std::string(name(granted.error().violation.reason));
}

Naming with(Naming naming, Listing listing) {
  naming.listing = listing;
  return naming;
}

Book book_of(std::vector<std::string> allow) {
  Book made;
  made.policy.allowlist = Book::list(allow);
  return made;
}

}  // namespace

TEST_CASE("a grant says who may name what") {
  Book made = book_of({"mcp://files/*"});
  const auto book = made.compile();
  const auto granted = grant(*book, kCaller, call("files", "read", "1.0"));
  REQUIRE(granted);
  CHECK(granted->principal().subject() == "anonymous");
  CHECK(granted->principal().tenant() == "acme");
  CHECK(granted->server() == "files");
  CHECK(granted->ref().text() == "mcp://files/read@1.0");
  CHECK(granted->method() == "tools/call");
  CHECK(granted->decision().verdict == Verdict::allow);
  const auto asked = grant(*book, kCaller, reading("files", "x:y"));
  REQUIRE(asked);
  CHECK(asked->ref().tool.empty());
  CHECK(asked->server() == "files");
}

TEST_CASE("each kind of thing that is denied has its own reason") {
  Book made = book_of({"mcp://files/read"});
  made.policy.servers["files"] = {
      {}, Book::list({"tools/*", "prompts/*", "resources/*"}), Book::list({"ok"}), Book::list({"x:ok"})};
  const auto book = made.compile();
  CHECK(outcome(*book, call("files", "read")) == "granted");
  CHECK(outcome(*book, call("files", "write")) == "unknown_tool");
  CHECK(outcome(*book, prompting("files", "no")) == "unknown_prompt");
  CHECK(outcome(*book, reading("files", "x:no")) == "unknown_resource");
  CHECK(outcome(*book, asking("files", "logging/setLevel")) == "method_not_allowed");
  CHECK(outcome(*book, asking("files", "no/such")) == "method_not_allowed");
  const auto denied = grant(*book, kCaller, call("files", "write"));
  CHECK(denied.error().decision.verdict == Verdict::deny);
  CHECK(denied.error().decision.findings.size() == 1);
  CHECK(denied.error().decision.rulebook == book->digest());
}

TEST_CASE("a name outside the catalogue is unknown unless an allowlist names it literally") {
  Book made = book_of({"mcp://files/*", "mcp://files/literal"});
  const auto book = made.compile();
  CHECK(outcome(*book, with(call("files", "any"), Listing::listed)) == "granted");
  CHECK(outcome(*book, with(call("files", "any"), Listing::unlisted)) == "unknown_tool");
  CHECK(outcome(*book, with(call("files", "literal"), Listing::unlisted)) == "granted");
  const auto denied = grant(*book, kCaller, with(call("files", "any"), Listing::unlisted));
  CHECK(denied.error().decision.verdict == Verdict::deny);
}

TEST_CASE("while no catalogue can be had only literal names pass, and denied ones look as ever") {
  Book made = book_of({"mcp://files/*", "mcp://db/literal"});
  const auto book = made.compile();
  CHECK(outcome(*book, with(call("files", "any"), Listing::unavailable)) == "catalogue_unavailable");
  CHECK(outcome(*book, with(call("db", "literal"), Listing::unavailable)) == "granted");
  CHECK(outcome(*book, with(call("db", "other"), Listing::unavailable)) == "unknown_tool");
}

TEST_CASE("observe lets a denied name pass, but not one that is in no catalogue") {
  Book made = book_of({"mcp://files/read"});
  made.policy.mode = config::Mode::observe;
  const auto book = made.compile();
  CHECK(outcome(*book, call("files", "write")) == "granted");
  CHECK(outcome(*book, with(call("files", "write"), Listing::unlisted)) == "unknown_tool");
  CHECK(outcome(*book, with(call("files", "write"), Listing::unavailable)) == "catalogue_unavailable");
  CHECK(outcome(*book, with(call("files", "read"), Listing::unlisted)) == "granted");
}

TEST_CASE("an escalated name awaits approval only if it is in the catalogue") {
  Book made = book_of({"mcp://files/read"});
  made.policy.denylist = Book::list({"mcp://files/read@2"});
  made.policy.escalate_on = Book::list({"tool_not_in_allowlist"});
  const auto book = made.compile();
  CHECK(outcome(*book, call("files", "write")) == "awaits_approval");
  CHECK(outcome(*book, with(call("files", "write"), Listing::unlisted)) == "unknown_tool");
  CHECK(outcome(*book, with(call("files", "write"), Listing::unavailable)) == "catalogue_unavailable");
  // Named literally, denied in this version: still not shown to an approver before anyone knows that it exists.
  CHECK(outcome(*book, with(call("files", "read", "2"), Listing::unlisted)) == "unknown_tool");
  CHECK(grant(*book, kCaller, call("files", "write")).error().decision.verdict == Verdict::escalate);
}

TEST_CASE("a listing says nothing of prompts and resources") {
  Book made = book_of({"*"});
  const auto book = made.compile();
  CHECK(outcome(*book, with(prompting("files", "p"), Listing::unlisted)) == "granted");
  CHECK(outcome(*book, with(reading("files", "x:y"), Listing::unavailable)) == "granted");
}

TEST_CASE("the final decision is taken over what was granted and what was found") {
  Book made = book_of({"*"});
  made.policy.escalate_on = Book::list({"payload_too_large"});
  const auto book = made.compile();
  const auto granted = grant(*book, kCaller, call("files", "read"));
  REQUIRE(granted);
  const auto cleared = decide(*book, *granted, {}, {Code::stream_closed});
  REQUIRE(cleared);
  CHECK(cleared->decision().findings.size() == 1);
  CHECK(cleared->grant().ref().tool == "read");
  const auto denied = decide(*book, *granted, {}, {Code::egress_violation});
  REQUIRE_FALSE(denied);
  CHECK(denied.error().violation.reason == Reason::denied);
  CHECK(denied.error().decision.verdict == Verdict::deny);
  const auto waiting = decide(*book, *granted, {}, {Code::payload_too_large});
  REQUIRE_FALSE(waiting);
  CHECK(waiting.error().violation.reason == Reason::awaits_approval);
}

TEST_CASE("principals say how they were verified") {
  CHECK(anonymous("t").method() == AuthnMethod::anonymous);
  CHECK(anonymous("t").tenant() == "t");
  CHECK(self().method() == AuthnMethod::self);
  CHECK(self().subject() == "durward:self");
  CHECK(self().tenant().empty());
}

}  // namespace durward::policy
