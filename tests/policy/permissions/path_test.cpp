#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "policy/permissions/path.hpp"

namespace durward::tests {

using namespace policy::permissions;

namespace {

std::string joined(const Path& path) {
  std::string out = path.front();
  for (std::size_t i = 1; i < path.size(); ++i) out += (i == 1 && out == "/" ? "" : "/") + path[i];
  return out;
}

/// The only reading of a path, or what went wrong.
std::string read(const char* text, const Places& places = {}) {
  const auto readings = read_path(text, places);
  if (!readings) return "refused";
  return readings->size() == 1 ? joined(readings->front()) : "several";
}

bool allowed(const char* pattern, const char* text, const Places& places = {}) {
  const auto compiled = PathPattern::parse(pattern);
  REQUIRE(compiled);
  const auto readings = read_path(text, places);
  return readings && std::all_of(readings->begin(), readings->end(), [&](const Path& one) { return compiled->matches(one); });
}

}  // namespace

TEST_CASE("path: dots are resolved without a look at any file system") {
  CHECK(read("/srv/./agent//x/") == "/srv/agent/x");
  CHECK(read("/srv/agent/../../etc/passwd") == "/etc/passwd");
  CHECK(read("/../../etc") == "/etc");
  CHECK(read("a/b/../c") == "./a/c");
  CHECK(read("") == ".");
  CHECK(read("..") == "refused");
  CHECK(read("a/../../b") == "refused");
  CHECK(read("a/../../b", {"/srv/agent", ""}) == "/srv/b");
  CHECK(read("notes.txt", {"/srv/agent", ""}) == "/srv/agent/notes.txt");
  CHECK(read("~/x") == "~/x");
  CHECK(read("~", {"", "/users/agent"}) == "/users/agent");
  CHECK(read("~/../../etc") == "refused");
  CHECK(read("~/../../etc", {"", "/users/agent"}) == "/etc");
  CHECK(read("a~/~b") == "./a~/~b");
}

TEST_CASE("path: every level of encoding must be allowed") {
  CHECK(allowed("/srv/agent/**", "/srv/agent/x%20y"));
  CHECK(allowed("/srv/agent/**", "/srv/agent/100%"));
  CHECK_FALSE(allowed("/srv/agent/**", "/srv/agent/%2e%2e/x"));
  CHECK_FALSE(allowed("/srv/agent/**", "/srv/agent/%252e%252e%252fx"));
  CHECK_FALSE(allowed("/srv/agent/**", "/srv/agent/%%32%65%%32%65/x"));
  // Allowed only if it is decoded: as it is written it lies elsewhere.
  CHECK_FALSE(allowed("/srv/agent/**", "/etc/%2e%2e/srv/agent/x"));
  CHECK_FALSE(allowed("/srv/agent/*", "/srv/agent/a%2fb"));
  CHECK(read("/a%25252525252e") == "refused");
}

TEST_CASE("path: what is unclear is refused") {
  const char* const text =
      GENERATE("/a\\b", "..\\x", "C:\\x", "C:/x", "c:x", "\\\\host\\share", "//host/share", "~root/x", "$HOME/x", "${HOME}/x",
               "%TEMP%/x", "/a%00b", "/a\nb", "/a\x7f", "/\xC0\xAE\xC0\xAE/x", "/%c0%ae%c0%ae/x", "/%u002e%u002e/x",
               "/\uFF0E\uFF0E/x", "/a\u2215b", "/.../x", "/. ./x", "/..;/x", "file://host/etc/passwd", "file:etc",
               "file:///C:/x", "file:////host/x", "file:///a?b", "file:///a#b", "FILE://host/x");
  INFO(text);
  CHECK(read(text) == "refused");
  CHECK(read(text, {"/srv", "/users/x"}) == "refused");
}

TEST_CASE("path: file URIs are the path in them") {
  CHECK(read("file:///etc/passwd") == "/etc/passwd");
  CHECK(read("FILE:///a/../b") == "/b");
  CHECK(read("file://localhost/a") == "/a");
  CHECK(read("file:/a") == "/a");
  CHECK_FALSE(allowed("/srv/**", "file:///srv/%2e%2e/etc"));
}

TEST_CASE("path: a longer one than the limit is refused") {
  CHECK(read(("/" + std::string(kLongestPath - 1, 'a')).c_str()) != "refused");
  CHECK(read(("/" + std::string(kLongestPath, 'a')).c_str()) == "refused");
}

TEST_CASE("path patterns: a star stays within a name, two cross") {
  CHECK(allowed("/srv/agent/**", "/srv/agent"));
  CHECK(allowed("/srv/agent/**", "/srv/agent/a/b"));
  CHECK_FALSE(allowed("/srv/agent/**", "/srv/agents"));
  CHECK_FALSE(allowed("/srv/agent/**", "/srv/agent2/x"));
  CHECK(allowed("/srv/*/x", "/srv/a/x"));
  CHECK_FALSE(allowed("/srv/*/x", "/srv/a/b/x"));
  CHECK(allowed("/srv/**/x", "/srv/a/b/x"));
  CHECK(allowed("/srv/**/x", "/srv/x"));
  CHECK(allowed("/srv/**/b/**/x", "/srv/a/b/c/b/x"));
  CHECK(allowed("/srv/*.md", "/srv/a.md"));
  CHECK(allowed("/srv/*a*b", "/srv/xaxaxb"));
  CHECK_FALSE(allowed("/srv/*.md", "/srv/a.mdx"));
  CHECK(allowed("~/notes/**", "~/notes/a"));
  CHECK_FALSE(allowed("/notes/**", "~/notes/a"));
  CHECK(allowed("./out/**", "out/x"));
  CHECK_FALSE(allowed("/out/**", "out/x"));
  CHECK(allowed("/srv/a", "/srv/a/"));
  CHECK_FALSE(allowed("/srv/a", "/srv/a/b"));
}

TEST_CASE("path patterns: roots are known, bad ones say why") {
  for (const char* all : {"/", "/**", "/*", "~", "~/**", "**", "*", "/**/*"}) CHECK(PathPattern::parse(all)->everything());
  for (const char* some : {"/srv", "/srv/**", "~/x", "./**", "/*/x"}) CHECK_FALSE(PathPattern::parse(some)->everything());
  for (const char* bad : {"", "srv", "../x", "/a/../b", "/a/./b", "/a%20b", "//a", "/a\\b", "/a**", "C:/x", "~root/x"}) {
    INFO(bad);
    CHECK_FALSE(PathPattern::parse(bad));
  }
}

TEST_CASE("path: texts that look like one") {
  for (const char* yes : {"/etc/passwd", "./a", "../a", "~/x", "~", "a/../b", "C:\\x", "c:/x", "\\\\host\\x", "..\\x",
                          "file:///x", "%2e%2e%2fx", "%2Fetc", "%252e%252e%252f", " /etc/passwd\n", "x/.."}) {
    INFO(yes);
    CHECK(looks_like_path(yes));
  }
  for (const char* no : {"hello", "and/or", "text/html", "owner/repo", "1.5", "a..b", "", "/* a comment */\nint main();",
                         "~5 items", "C: drive"}) {
    INFO(no);
    CHECK_FALSE(looks_like_path(no));
  }
}

}  // namespace durward::tests
