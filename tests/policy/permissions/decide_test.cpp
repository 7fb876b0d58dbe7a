#include <catch2/catch.hpp>

#include "config/load.hpp"
#include "policy/rulebook.hpp"

using namespace durward;
using namespace durward::policy;

namespace {

std::shared_ptr<const Rulebook> compile(const std::string& more) {
  const auto loaded = config::parse_policy("tools: {allowlist: [\"*\"]}\n" + more, "policy.yaml");
  INFO(config::render(loaded));
  REQUIRE(loaded.value);
  std::map<std::string, config::Server> servers;
  for (const char* name : {"files", "db"}) servers[name].name = name;
  std::vector<config::Diagnostic> diagnostics;
  auto book = Rulebook::compile(*loaded.value, servers, diagnostics);
  REQUIRE(book);
  return book;
}

/// The verdict on a call, then "code effect at" of each finding.
std::string decided(const Rulebook& book, const char* server, const std::string& arguments) {
  const auto document = json::Document::parse(arguments);
  REQUIRE(document);
  Naming naming;
  naming.server = server;
  naming.method = "tools/call";
  naming.target = Target::tool;
  naming.name = "use";
  auto granted = grant(book, anonymous("acme"), naming);
  REQUIRE(granted);
  Call call;
  call.arguments = document->root();
  const auto cleared = decide(book, *std::move(granted), call, {});
  const Decision& decision = cleared ? cleared->decision() : cleared.error().decision;
  std::string out(name(decision.verdict));
  for (const Finding& one : decision.findings)
    out.append(" ").append(info(one.code).name).append(" ").append(name(one.effect)).append(" ").append(one.at);
  return out;
}

const char* const kBook = R"(permissions:
  files:
    filesystem: {read: ["/srv/agent/**"], write: ["/srv/agent/**"]}
    network: ["api.example.com"]
    sql: [select]
    consent: [exec]
)";

}  // namespace

TEST_CASE("a call is held against the permissions of its server, and what they forbid denies") {
  const auto book = compile(kBook);
  CHECK(decided(*book, "files", R"({"path":"/srv/agent/a"})") == "allow");
  CHECK(decided(*book, "files", R"({"path":"/etc/passwd"})") == "deny fs_violation deny /params/arguments/path");
  CHECK(decided(*book, "files", R"({"url":"https://api.example.com/x"})") == "allow");
  CHECK(decided(*book, "files", R"({"url":"https://evil.example/x"})") == "deny egress_violation deny /params/arguments/url");
  CHECK(decided(*book, "files", R"({"query":"drop table t"})") == "deny sql_statement_denied deny /params/arguments/query");
}

TEST_CASE("a server without an entry may do next to nothing where the policy has permissions") {
  const auto book = compile(kBook);
  CHECK(decided(*book, "db", R"({"query":"select 1"})") == "allow");
  CHECK(decided(*book, "db", R"({"path":"/srv/agent/a"})") == "deny fs_violation deny /params/arguments/path");
  CHECK(decided(*book, "db", R"({"command":"ls"})") == "deny exec_denied deny /params/arguments/command");
}

TEST_CASE("permissions are enforced with deny_on: [] and with lists of codes, and observed in mode observe") {
  CHECK(decided(*compile(std::string(kBook) + "enforcement: {deny_on: []}\n"), "files", R"({"path":"/etc/passwd"})") ==
        "deny fs_violation deny /params/arguments/path");
  CHECK(decided(*compile(std::string(kBook) + "enforcement: {escalate_on: [fs_violation]}\n"), "files",
                R"({"path":"/etc/passwd"})") == "deny fs_violation deny /params/arguments/path");
  CHECK(decided(*compile(std::string(kBook) + "enforcement: {mode: observe}\n"), "files", R"({"path":"/etc/passwd"})") ==
        "allow fs_violation would_deny /params/arguments/path");
}

TEST_CASE("consent escalates, and what is denied besides stays denied") {
  const auto book =
      compile("permissions:\n  files: {consent: [mutate], filesystem: {write: [\"/srv/**\"], read: [\"/srv/**\"]}}\n");
  CHECK(decided(*book, "files", R"({"path":"/srv/a"})").starts_with("escalate consent_required escalate"));
  CHECK(decided(*book, "files", R"({"path":"/etc/a"})").starts_with("deny"));
}

TEST_CASE("without permissions URLs that lead inside are refused, and paths are not looked at") {
  const auto book = compile("");
  CHECK(decided(*book, "files", R"({"url":"http://169.254.169.254/latest"})").starts_with("deny private_address deny"));
  CHECK(decided(*book, "files", R"({"path":"/etc/passwd"})") == "allow");
  CHECK(decided(*book, "files", R"({"url":"https://api.example.com/"})") == "allow");
}

TEST_CASE("what permissions say is in the rulebook's digest") {
  CHECK(compile(kBook)->digest() != compile("")->digest());
  CHECK(compile(kBook)->digest() != compile(std::string(kBook) + "  db: {exec: true}\n")->digest());
  CHECK(compile(kBook)->digest() == compile(kBook)->digest());
}
