#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <map>
#include <set>
#include <string>

#include "config/forms.hpp"
#include "policy/json.hpp"
#include "policy/permissions/hosts.hpp"
#include "policy/permissions/path.hpp"
#include "tests/policy/corpora.hpp"

// The scores of the readers on third-party lists, printed by source or class, and judged where the issue sets a goal.
namespace durward::tests {
namespace {

using namespace policy::permissions;

struct Score {
  int hit = 0;
  int all = 0;
  void add(bool good) {
    ++all;
    if (good) ++hit;
  }
};
using Scores = std::map<std::string, Score>;

void print(const char* title, const Scores& scores) {
  std::printf("%s\n", title);
  for (const auto& [name, score] : scores) std::printf("  %-56s %5d of %5d\n", name.c_str(), score.hit, score.all);
}

template <class F>
void each_row(const std::filesystem::path& path, const F& f) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in);
  for (std::string line; std::getline(in, line);) {
    const auto document = json::Document::parse(line);
    REQUIRE(document);
    f(document->root());
  }
}

std::string text(json::Value row, const char* key) { return row.find(key).string(); }

// Whether a policy that lists every public host, which only `i_accept` makes possible, would let the URL pass.
bool passes(const std::string& url) {
  static const std::vector<HostPattern> any{*HostPattern::parse("*:*")};
  const auto read = read_url(url);
  return read && judge(any, *read) == Egress::allowed;
}

}  // namespace

TEST_CASE("corpus ssrf: what leads inside is refused, public pages pass") {
  const auto folder = corpus("ssrf");
  if (!folder) return;
  Scores blocked, allowed, by_name;
  each_row(*folder / "dev/cases.jsonl", [&](json::Value row) {
    const std::string verdict = text(row, "verdict"), url = text(row, "url"), src = text(row, "src");
    if (verdict == "either") return;
    const bool pass = passes(url);
    if (verdict == "allow") return allowed[src].add(pass);
    const bool needs_dns = row.find("needs_dns").boolean();
    (needs_dns ? by_name : blocked)[src].add(!pass);
    if (!needs_dns && pass) UNSCOPED_INFO("passes: " << url);
    CHECK((needs_dns || !pass));
  });
  print("ssrf: refused, of what must be", blocked);
  print("ssrf: refused, of names that only a resolver can tell", by_name);
  print("ssrf: passed, of what may", allowed);
  for (const auto& [src, score] : allowed) CHECK(score.hit == score.all);
}

TEST_CASE("corpus url_whatwg: no URL is read with another host than browsers read, and none that they refuse") {
  const auto folder = corpus("url_whatwg");
  if (!folder) return;
  const auto document = json::Document::parse(read_file(*folder / "all/urltestdata.json"));
  REQUIRE(document);
  Score agreed, refused;
  for (const json::Value row : document->root().elements()) {
    if (!row.is(json::Kind::object)) continue;
    const std::string input = text(row, "input");
    const auto read = read_url(input);
    if (!read || !passes(input)) {
      if (!row.find("failure").boolean()) refused.add(true);
      continue;
    }
    INFO(input);
    CHECK_FALSE(row.find("failure").boolean());
    const std::string host = text(row, "hostname"), port = text(row, "port");
    CHECK(text(row, "protocol") == read->scheme + ":");
    CHECK(config::lower(host) == read->host);
    CHECK((port.empty() ? web_port(read->scheme) : std::stoi(port)) == read->port);
    agreed.add(true);
  }
  std::printf("url_whatwg: %d read alike, %d that browsers accept are refused\n", agreed.all, refused.all);
  CHECK(agreed.all > 20);
}

TEST_CASE("corpus path_traversal: what leaves the folder is refused, what stays passes") {
  const auto folder = corpus("path_traversal");
  if (!folder) return;
  const auto pattern = PathPattern::parse("/workspace/**");
  REQUIRE(pattern);
  const Places places{"/workspace", "/workspace"};
  Scores blocked, allowed;
  each_row(*folder / "dev/cases.jsonl", [&](json::Value row) {
    const std::string path = text(row, "path"), cls = text(row, "cls");
    const auto readings = read_path(path, places);
    const bool pass =
        readings && std::all_of(readings->begin(), readings->end(), [&](const Path& one) { return pattern->matches(one); });
    const bool block = text(row, "verdict") == "block";
    (block ? blocked : allowed)[cls].add(block != pass);
    if (block == pass && (!block || cls != "exotic"))
      std::printf("  %s %s: %s\n", block ? "PASSES" : "REFUSED", cls.c_str(), path.c_str());
  });
  print("path_traversal: refused, of what must be", blocked);
  print("path_traversal: passed, of what may", allowed);
  for (const char* cls : {"dotdot", "absolute", "nul_byte", "windows_abs", "backslash"})
    CHECK(blocked[cls].hit == blocked[cls].all);
  for (const auto& [cls, score] : allowed) CHECK(score.hit == score.all);
}

}  // namespace durward::tests
