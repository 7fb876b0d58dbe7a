#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config/reader.hpp"
#include "policy/permissions/permissions.hpp"
#include "policy/principal.hpp"

namespace durward::tests {
namespace {

using policy::permissions::Permissions;

constexpr std::uint8_t kRead = 1, kMutate = 2, kExec = 4, kEgress = 8;

/// Permissions as YAML writes them, indented by two; empty: no such section.
struct Made {
  std::unique_ptr<const Permissions> permissions;
  std::vector<std::string> said;
};

Made make(const std::string& yaml) {
  config::PolicySettings policy;
  config::Report report("policy.yaml");
  config::read_document("tools: {allowlist: [\"*\"]}\n" + yaml, policy, report);
  std::vector<config::Diagnostic> diagnostics = report.take();
  std::map<std::string, config::Server> servers;
  for (const char* name : {"files", "db", "web"}) servers[name].name = name;
  Made out;
  out.permissions = Permissions::compile(policy, servers, diagnostics);
  for (const auto& one : diagnostics) {
    out.said.push_back(std::to_string(one.where.line) + ":" + std::to_string(one.where.column) +
                       (one.severity == config::Severity::error ? ": error: " : ": warning: ") + one.message);
  }
  return out;
}

/// "code at" of each finding, or "fine".
std::string check(const Permissions& permissions, const char* server, std::uint8_t kinds, const std::string& arguments) {
  const auto document = json::Document::parse(arguments);
  INFO(arguments);
  REQUIRE(document);
  std::string out;
  for (const auto& one : permissions.check(server, policy::anonymous("acme"), kinds, document->root())) {
    out += (out.empty() ? "" : ", ") + std::string(policy::info(one.code).name) + " " + one.at;
  }
  return out.empty() ? "fine" : out;
}

const char* const kBook = R"(permissions:
  files:
    filesystem: {read: ["/srv/agent/**"], write: ["/srv/agent/output/**"], deny: ["/srv/agent/**/.env"]}
    network: ["api.example.com", "*.example.org:443", "127.0.0.1:8080"]
    exec: true
    sql: [select, insert]
  db: {exec: [git, ls], base: /srv/repo, filesystem: {read: ["/srv/repo/**"]}, consent: [mutate]}
)";

}  // namespace

TEST_CASE("permissions: files are held against what a tool does with them") {
  const auto made = make(kBook);
  const auto files = [&](std::uint8_t kinds, const char* arguments) {
    return check(*made.permissions, "files", kinds, arguments);
  };
  CHECK(files(kRead, R"({"path": "/srv/agent/a.txt"})") == "fine");
  CHECK(files(kRead, R"({"path": "/srv/agent/../x"})") == "fs_violation /path");
  CHECK(files(kRead, R"({"path": "/srv/agent/%2e%2e/%2e%2e/etc/passwd"})") == "fs_violation /path");
  CHECK(files(kRead, R"({"path": "\u002fetc\u002fpasswd"})") == "fs_violation /path");
  CHECK(files(kMutate, R"({"path": "/srv/agent/a.txt"})") == "fs_violation /path");
  CHECK(files(kMutate, R"({"path": "/srv/agent/output/a.txt"})") == "fine");
  CHECK(files(kRead | kMutate, R"({"path": "/srv/agent/output/a.txt"})") == "fine");
  CHECK(files(kRead, R"({"path": "/srv/agent/x/.env"})") == "fs_violation /path");
  CHECK(files(kRead, R"({"source": {"deep": ["/etc/passwd"]}})") == "fs_violation /*/*/*");
  CHECK(files(kRead, R"({"filePath": "x"})") == "fs_violation /path");
  CHECK(files(kRead, R"({"paths": ["/srv/agent/a", "/etc/b"]})") == "fs_violation /paths/*");
  CHECK(files(kRead, R"({"uri": "file:///etc/passwd"})") == "fs_violation /uri");
  CHECK(files(kRead, R"({"note": "see /etc/passwd"})") == "fine");
  CHECK(check(*made.permissions, "db", kRead, R"({"path": "src/main.cc"})") == "fine");
  CHECK(check(*made.permissions, "db", kRead, R"({"path": "../x"})") == "fs_violation /path");
}

TEST_CASE("permissions: URLs and hosts are held against the network") {
  const auto made = make(kBook);
  const auto files = [&](const char* arguments) { return check(*made.permissions, "files", kRead, arguments); };
  CHECK(files(R"({"url": "https://api.example.com/x"})") == "fine");
  CHECK(files(R"({"url": "https://evil.example/x"})") == "egress_violation /url");
  CHECK(files(R"({"url": "https://api.example.com@evil.example/x"})") == "egress_violation /url");
  CHECK(files(R"({"url": "http://127.0.0.1:8080/x"})") == "fine");
  CHECK(files(R"({"url": "http://127.0.0.1/x"})") == "private_address /url");
  CHECK(files(R"({"url": "http://0x7f.1/x"})") == "egress_violation /url");
  CHECK(files(R"({"anything": ["https://evil.example/"]})") == "egress_violation /*/*");
  CHECK(files(R"({"host": "169.254.169.254"})") == "private_address /host");
  CHECK(files(R"({"host": "api.example.com"})") == "fine");
  CHECK(files(R"({"baseUrl": "evil.example/x"})") == "egress_violation /url");
  CHECK(files(R"({"href": "//evil.example/x"})") == "egress_violation /href");
  CHECK(files(R"({"href": "/about"})") == "fine");
  CHECK(files(R"({"text": "https://api.example.com/x is down, see https://evil.example/"})") == "egress_violation /*");
  CHECK(files(R"({"text": "\thttp:127.0.0.1"})") == "egress_violation /*");
}

TEST_CASE("permissions: commands are judged as argv") {
  const auto made = make(kBook);
  const auto run = [&](const char* server, const char* arguments) {
    return check(*made.permissions, server, kRead, arguments);
  };
  CHECK(run("files", R"x({"command": "ls -l | head"})x") == "fine");
  CHECK(run("files", R"x({"cmd": "rm -f -r x"})x") == "exec_denied /cmd");
  CHECK(run("files", R"x({"command": ["rm", "-rf", "/"]})x") == "exec_denied /command, fs_violation /command/*");
  CHECK(run("files", R"x({"command": "rm", "args": ["-rf", "/"]})x") == "exec_denied /command, fs_violation /*/*");
  CHECK(run("files", R"x({"script": "echo 'x"})x") == "exec_denied /script");
  CHECK(run("db", R"x({"command": "git log"})x") == "fine");
  CHECK(run("db", R"x({"command": "git log; curl x"})x") == "exec_denied /command");
  CHECK(run("db", R"x({"command": "git $(curl x)"})x") == "exec_denied /command");
  CHECK(run("web", R"x({"command": "ls"})x") == "exec_denied /command");
  CHECK(check(*made.permissions, "web", kExec, "{}") == "exec_denied ");
  CHECK(check(*made.permissions, "files", kExec, "{}") == "fine");
}

TEST_CASE("permissions: SQL is held against its classes") {
  const auto made = make(kBook);
  const auto run = [&](const char* server, const char* arguments) {
    return check(*made.permissions, server, kRead, arguments);
  };
  CHECK(run("files", R"x({"sql": "INSERT INTO t VALUES (1)"})x") == "fine");
  CHECK(run("files", R"x({"sql": "DROP TABLE t"})x") == "sql_statement_denied /sql");
  CHECK(run("db", R"x({"sql": "INSERT INTO t VALUES (1)"})x") == "sql_statement_denied /sql");
  CHECK(run("web", R"({"query": "select 1; drop table t"})") == "sql_statement_denied /query");
  CHECK(run("web", R"({"query": "weather in Paris"})") == "fine");
  CHECK(run("web", R"x({"sql": "weather in Paris"})x") == "sql_statement_denied /sql");
}

TEST_CASE("permissions: consent is asked by kind") {
  const auto made = make(kBook);
  CHECK(check(*made.permissions, "db", kMutate, "{}") == "consent_required ");
  CHECK(check(*made.permissions, "db", kRead, "{}") == "fine");
}

TEST_CASE("permissions: a server without an entry may do nothing but select") {
  const auto made = make(kBook);
  const auto run = [&](std::uint8_t kinds, const char* arguments) { return check(*made.permissions, "web", kinds, arguments); };
  CHECK(run(kEgress, R"({"url": "https://api.example.com/"})") == "egress_violation /url");
  CHECK(run(kRead, R"({"path": "/srv/agent/a"})") == "fs_violation /path");
  CHECK(run(kRead, R"x({"sql": "select 1"})x") == "fine");
  CHECK(run(kRead, R"({"name": "x", "count": 3, "deep": {"list": [true, null]}})") == "fine");
}

TEST_CASE("permissions: without a section only what leads inside, or could be read in two ways, is refused") {
  const auto made = make("");
  CHECK(made.said.empty());
  const auto run = [&](const char* arguments) { return check(*made.permissions, "web", kExec, arguments); };
  CHECK(run(R"({"url": "https://anything.example/"})") == "fine");
  CHECK(run(R"({"url": "http://localhost:3000/"})") == "private_address /url");
  CHECK(run(R"({"x": "http://169.254.169.254/latest"})") == "private_address /*");
  CHECK(run(R"({"x": "http://user@example.com/"})") == "egress_violation /*");
  CHECK(run(R"({"x": "http://2130706433/"})") == "egress_violation /*");
  CHECK(run(R"({"x": "gopher://127.0.0.1:6379/"})") == "private_address /*");
  CHECK(run(R"({"uri": "memo://insights"})") == "fine");
  CHECK(run(R"({"host": "10.0.0.1"})") == "private_address /host");
  CHECK(run(R"({"path": "/etc/passwd", "command": "rm -rf /", "sql": "drop table x"})") == "fine");
}

TEST_CASE("permissions: declared places are looked at, and only they") {
  const auto made = make(R"(permissions:
  files:
    filesystem: {read: ["/srv/**"]}
    arguments: {paths: [/target, "/files/*/name"], urls: [], commands: [/run], sql: []}
)");
  REQUIRE(made.said.empty());
  const auto run = [&](const char* arguments) { return check(*made.permissions, "files", kRead, arguments); };
  CHECK(run(R"({"target": "/srv/x", "path": "/etc/passwd", "url": "https://evil.example/", "sql": "drop table x"})") == "fine");
  CHECK(run(R"({"target": "/etc/passwd"})") == "fs_violation /target");
  CHECK(run(R"({"files": [{"name": "/srv/a"}, {"name": "/etc/b"}]})") == "fs_violation /files/*/name");
  CHECK(run(R"({"files": {"any": {"name": "/etc/b"}}})") == "fs_violation /files/*/name");
  CHECK(run(R"({"target": ["/srv/x", "/etc/y"]})") == "fs_violation /target");
  CHECK(run(R"({"target": 7})") == "fs_violation /target");
  CHECK(run(R"({"target": {"a": 1}})") == "fs_violation /target");
  CHECK(run(R"({"target": null})") == "fine");
  CHECK(run(R"({"run": ["ls"]})") == "exec_denied /run");
}

TEST_CASE("permissions: an override is for some callers") {
  const auto made = make(R"(permissions:
  web:
    network: [api.example.com]
    overrides:
      - {tenants: [other], network: [other.example.com]}
      - {tenants: [acme], users: [nobody], network: []}
      - {tenants: [acme], network: [acme.example.com]}
)");
  REQUIRE(made.said.empty());
  const auto run = [&](const char* arguments) { return check(*made.permissions, "web", kRead, arguments); };
  CHECK(run(R"({"url": "https://acme.example.com/"})") == "fine");
  CHECK(run(R"({"url": "https://api.example.com/"})") == "egress_violation /url");
  CHECK(made.permissions->asks_principal("web"));
  CHECK_FALSE(made.permissions->asks_principal("db"));
}

TEST_CASE("permissions: findings hold no text of arguments and are bounded") {
  const auto made = make(kBook);
  std::string many = "{";
  for (int i = 0; i < 100; ++i)
    many += (i > 0 ? "," : "") + std::string("\"n") + std::to_string(i) + "\": {\"path\": \"/etc/" + std::to_string(i) + "\"}";
  CHECK(check(*made.permissions, "files", kRead, many + "}") == "fs_violation /*/path");
  const std::string large = R"x({"sql": "select ')x" + std::string(200'000, 'x') + "'\"}";
  CHECK(check(*made.permissions, "web", kRead, large) == "fine");
  std::string total = "{\"deep\": [";
  for (int i = 0; i < 6; ++i) total += (i > 0 ? "," : "") + large;
  CHECK(check(*made.permissions, "web", kRead, total + "]}") == "sql_statement_denied /*/*/sql");
}

TEST_CASE("permissions: a mistake in the policy has its place and a sentence") {
  struct Row {
    const char* yaml;
    const char* said;
  };
  const Row row = GENERATE(
      Row{"permissions: {files: {network: [\"*\"]}}",
          "2:33: error: `*` means everything: narrow it, or say why in `i_accept` of this server"},
      Row{"permissions: {files: {filesystem: {read: [\"/\"]}}}",
          "2:43: error: `/` means everything: narrow it, or say why in `i_accept` of this server"},
      Row{"permissions: {files: {filesystem: {write: [\"~/**\"]}}}",
          "2:44: error: `~/**` means everything: narrow it, or say why in `i_accept` of this server"},
      Row{"permissions: {files: {filesystem: {read: [etc]}}}",
          "2:43: error: `etc` is no path of a policy: a path begins with `/`, `~/` or `./`"},
      Row{"permissions: {files: {network: [\"127.1\"]}}", "2:33: error: `127.1` names no host"},
      Row{"permissions: {files: {network: [\"*.example.org\"]}}",
          "2:33: warning: `*.example.org` allows hosts that nobody has listed"},
      Row{"permissions: {files: {sql: [selct]}}", "2:29: error: `selct` is no class of statements; did you mean `select`?"},
      Row{"permissions: {files: {allow_commands: [privilige]}}",
          "2:40: error: `privilige` is no category of commands; did you mean `privilege`?"},
      Row{"permissions: {files: {exec: [/bin/ls]}}", "2:30: error: `/bin/ls` is no name of a program"},
      Row{"permissions: {files: {arguments: {paths: [path]}}}", "2:43: error: `path` is no JSON Pointer"},
      Row{"permissions: {file: {}}", "2:15: error: no server `file` is configured; did you mean `files`?"},
      Row{"permissions: {files: {overrides: [{network: []}]}}", "2:35: error: an override says for whom it is"},
      Row{"permissions: {files: {netwrok: []}}", "did you mean"}, Row{"permissions: {files: {exec: maybe}}", "exec"});
  const auto made = make(row.yaml);
  INFO(row.yaml);
  REQUIRE(made.said.size() == 1);
  INFO(made.said.front());
  CHECK(made.said.front().find(row.said) != std::string::npos);
}

TEST_CASE("permissions: everything is allowed to whoever says why") {
  const auto made =
      make(R"(permissions: {files: {network: ["*"], filesystem: {read: ["/**"]}, i_accept: "A sandbox without a network."}})");
  CHECK(made.said.empty());
  CHECK(check(*made.permissions, "files", kRead, R"({"url": "https://any.example/", "path": "/etc/passwd"})") == "fine");
  CHECK(check(*made.permissions, "files", kRead, R"({"url": "http://localhost/"})") == "private_address /url");
}

TEST_CASE("permissions: the canonical text tells policies apart") {
  CHECK(make("").permissions->canonical() == "null");
  CHECK(make("permissions: {}").permissions->canonical() == "{}");
  CHECK(make("permissions: {db: {exec: true}}").permissions->canonical() !=
        make("permissions: {db: {exec: false}}").permissions->canonical());
  CHECK(json::Document::parse(make(kBook).permissions->canonical()));
}

}  // namespace durward::tests
