#include "policy/resource.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

namespace durward::policy {
namespace {

/// Exponential, and plainly right.
bool naive(std::string_view pattern, std::string_view uri) {
  if (pattern.empty()) return uri.empty();
  if (pattern.starts_with("**")) {
    return naive(pattern.substr(pattern.find_first_not_of('*') == std::string_view::npos ? pattern.size()
                                                                                         : pattern.find_first_not_of('*')),
                 uri) ||
           (!uri.empty() && naive(pattern, uri.substr(1)));
  }
  if (pattern[0] == '*')
    return naive(pattern.substr(1), uri) || (!uri.empty() && uri[0] != '/' && naive(pattern, uri.substr(1)));
  return !uri.empty() && pattern[0] == uri[0] && naive(pattern.substr(1), uri.substr(1));
}

}  // namespace

TEST_CASE("one star stays within a segment, two cross, one alone is everything") {
  CHECK(uri_glob("*", "file:///a/b"));
  CHECK(uri_glob("file:///docs/*", "file:///docs/a.md"));
  CHECK_FALSE(uri_glob("file:///docs/*", "file:///docs/a/b.md"));
  CHECK(uri_glob("file:///docs/**", "file:///docs/a/b.md"));
  CHECK(uri_glob("file:///docs/**/x", "file:///docs/a/b/x"));
  CHECK_FALSE(uri_glob("file:///docs/**", "file:///docx/a"));
  CHECK(uri_glob("file:///*/x/*.md", "file:///a/x/b.md"));
  CHECK_FALSE(uri_glob("file:///*/x/*.md", "file:///a/b/x/b.md"));
  CHECK(uri_glob("demo://x", "demo://x"));
  CHECK_FALSE(uri_glob("demo://x", "demo://X"));
}

TEST_CASE("random resource patterns agree with a naive matcher") {
  std::mt19937 random(5);
  const auto word = [&random](std::string_view letters, std::size_t longest) {
    std::string out;
    for (std::size_t n = random() % (longest + 1); n > 0; --n) out += letters[random() % letters.size()];
    return out;
  };
  int matched = 0;
  for (int i = 0; i < 40000; ++i) {
    const std::string pattern = word("a/**", 6), uri = word("ab/", 7);
    if (pattern == "*") continue;  // everything, by its own rule
    CAPTURE(pattern, uri);
    const bool expected = naive(pattern, uri);
    REQUIRE(uri_glob(pattern, uri) == expected);
    matched += expected ? 1 : 0;
  }
  CHECK(matched > 2000);
}

TEST_CASE("a pattern is as long between its stars as the limit says, and no longer") {
  const std::string fits = "x:*" + std::string(kLongestStarredPart - 2, 'a') + "*";
  CHECK(uri_pattern_fits(fits));
  CHECK(uri_glob(fits, "x:1" + std::string(kLongestStarredPart - 2, 'a') + "2"));
  CHECK_FALSE(uri_glob(fits, "x:1" + std::string(kLongestStarredPart - 3, 'a') + "2"));
  const std::string longer = "x:*" + std::string(kLongestStarredPart - 1, 'a') + "*";
  CHECK_FALSE(uri_pattern_fits(longer));
  CHECK_FALSE(uri_glob(longer, "x:1" + std::string(kLongestStarredPart - 1, 'a') + "2"));
  CHECK(uri_pattern_fits(std::string(1000, 'a') + "*" + std::string(1000, 'a')));
}

TEST_CASE("a run of stars is two") {
  CHECK(uri_glob("a****b", "a/x/b"));
  CHECK(uri_glob("a****b", "ab"));
  CHECK(uri_glob("***", "a/b"));
}

TEST_CASE("a URI that some server could read as another one is not comparable") {
  for (const char* uri : {"",
                          "file:///a/../b",
                          "file:///a/./b",
                          "file:///..",
                          "file:///a/..",
                          "../b",
                          "file:../b",
                          "file:///a/..?x",
                          "file:///a/..#x",
                          "file:///a?/../b",
                          "file:///a%2e%2e/b",
                          "file:///a%2Fb",
                          "file:///a%5cb",
                          "file:///a%252e",
                          "file:///a%25252F",
                          "file:///a%00b",
                          "file:///a%0ab",
                          "file:///a%20b",
                          "file:///a%7f",
                          "file:///a%",
                          "file:///a%2",
                          "file:///a%zz",
                          "file:///a\\b",
                          "file:///a b",
                          "file:///a\tb",
                          "file:///a\x7f",
                          "file:///a\n"}) {
    CAPTURE(uri);
    CHECK_FALSE(comparable_uri(uri));
  }
  for (const char* uri :
       {"file:///a/b.c", "file:///a..b", "file:///.hidden", "file:///...", "https://example.com/a?b=c#d", "demo://x",
        "urn:isbn:0", "x", "file:///a%C3%A9", "file:///a%25", "file:///caf\xC3\xA9", "file:///{path}"}) {
    CAPTURE(uri);
    CHECK(comparable_uri(uri));
  }
  CHECK(comparable_uri(std::string(kLongestUri, 'a')));
  CHECK_FALSE(comparable_uri(std::string(kLongestUri + 1, 'a')));
}

}  // namespace durward::policy
