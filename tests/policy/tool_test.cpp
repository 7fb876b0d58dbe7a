#include "policy/tool.hpp"

#include <catch2/catch.hpp>
#include <random>

namespace durward::policy {
namespace {

Pattern pattern(const std::string& text) {
  auto parsed = Pattern::parse(text);
  REQUIRE(parsed);
  return *std::move(parsed);
}

/// Exponential, and plainly right.
bool naive_glob(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') return naive_glob(pattern.substr(1), text) || (!text.empty() && naive_glob(pattern, text.substr(1)));
  return !text.empty() && pattern[0] == text[0] && naive_glob(pattern.substr(1), text.substr(1));
}

}  // namespace

TEST_CASE("patterns match as the table says") {
  struct Row {
    const char* pattern;
    const char* tool;
    const char* version;
    bool matches;
  };
  // Server "vision-mcp" throughout.
  const Row rows[] = {
      {"*", "read", "1.0", true},
      {"*", "read", "", true},
      {"mcp://*", "read", "1.0", true},
      {"mcp://*/*@*", "read", "1.0", true},
      {"mcp://vision-mcp/*", "read", "1.0", true},
      {"mcp://vision-mcp/*@*", "read", "1.0", true},
      {"mcp://vision-mcp/*@*", "read", "", true},
      {"mcp://vision-mcp/read", "read", "1.0", true},
      {"mcp://vision-mcp/read", "read", "", true},
      {"mcp://vision-mcp/read", "reader", "1.0", false},
      {"mcp://vision-mcp/read", "Read", "1.0", false},
      {"mcp://vision-mcp/read@*", "read", "", true},
      {"mcp://vision-mcp/read@1.0", "read", "1.0", true},
      {"mcp://vision-mcp/read@1.0", "read", "1.0.1", false},
      {"mcp://vision-mcp/read@1.0", "read", "", false},
      {"mcp://vision-mcp/read@1.*", "read", "1.7", true},
      {"mcp://vision-mcp/read@1.*", "read", "2.1", false},
      {"mcp://vision-mcp/read@1.*", "read", "", false},
      {"mcp://vision-mcp/read@1*", "read", "1/x", false},
      {"mcp://vision-mcp/read@1*", "read", "1@x", false},
      {"mcp://vision-mcp/read@*", "read", "1/x@y", true},
      {"mcp://*/read@1.0", "read", "1.0", true},
      {"mcp://vision-*/re*d", "read", "1.0", true},
      {"mcp://other/read", "read", "1.0", false},
      {"mcp://vision-mcp/*", "a/b", "1.0", false},
      {"mcp://vision-mcp/*", "a@b", "1.0", false},
      {"mcp://vision-mcp/*", "a%2fb", "1.0", false},
      {"*", "a/b", "1.0", false},
      {"*", "a\nb", "1.0", false},
      {"*", "", "1.0", false},
      {"mcp://vision-mcp/***", "read", "1.0", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.pattern, row.tool, row.version);
    CHECK(pattern(row.pattern).matches("vision-mcp", row.tool, row.version) == row.matches);
    CHECK(pattern(row.pattern).matches(ToolRef{"vision-mcp", row.tool, row.version}) == row.matches);
  }
}

TEST_CASE("what is no pattern is refused with a reason") {
  for (const char* text : {"", "read", "read@1", "mcp:/s/t", "MCP://s/t", "mcp://", "mcp://s", "mcp://s/", "mcp:///t",
                           "mcp://s/t@", "mcp://s/@1", "mcp://s/t@1@2", "mcp://s@1/t", "mcp://s/t/u", "mcp://s/t@1/2",
                           "mcp://s/a%2fb", "mcp://s/a\tb", "mcp://s/a\x7f", "**"}) {
    CAPTURE(text);
    auto parsed = Pattern::parse(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().size() > 20);
  }
  CHECK_FALSE(Pattern::parse(std::string_view("mcp://s/a\0b", 11)));
}

TEST_CASE("a name beyond the longest is matched by nothing") {
  CHECK(pattern("*").matches("s", std::string(kLongestToolName, 'a'), ""));
  CHECK_FALSE(pattern("*").matches("s", std::string(kLongestToolName + 1, 'a'), ""));
}

TEST_CASE("a denylist's question takes an unknown version for any") {
  CHECK(pattern("mcp://s/t@1.0").may_match("s", "t", ""));
  CHECK(pattern("mcp://s/t@1.0").may_match("s", "t", "1.0"));
  CHECK_FALSE(pattern("mcp://s/t@1.0").may_match("s", "t", "1.1"));
  CHECK_FALSE(pattern("mcp://s/t@1.0").may_match("s", "u", ""));
  CHECK_FALSE(pattern("mcp://s/*@1.0").may_match("s", "a/b", ""));
}

TEST_CASE("only a pattern without a wildcard in server and tool names a tool literally") {
  CHECK(pattern("mcp://s/t").names("s", "t"));
  CHECK(pattern("mcp://s/t@1.*").names("s", "t"));
  CHECK_FALSE(pattern("mcp://s/t").names("s", "u"));
  CHECK_FALSE(pattern("mcp://*/t").names("s", "t"));
  CHECK_FALSE(pattern("mcp://s/*").names("s", "t"));
  CHECK_FALSE(pattern("mcp://s/*").names("s", "*"));
}

TEST_CASE("only a whole version pins") {
  CHECK(pattern("mcp://s/t@1.0").pins_version());
  CHECK_FALSE(pattern("mcp://s/t@1.*").pins_version());
  CHECK_FALSE(pattern("mcp://s/t@*").pins_version());
  CHECK_FALSE(pattern("mcp://s/t").pins_version());
}

TEST_CASE("one pattern covers another only if it matches all that the other does") {
  CHECK(pattern("*").covers(pattern("mcp://s/t@1")));
  CHECK(pattern("mcp://s/*").covers(pattern("mcp://s/a*")));
  CHECK(pattern("mcp://s/a*").covers(pattern("mcp://s/a*b")));
  CHECK_FALSE(pattern("mcp://s/a*b").covers(pattern("mcp://s/a*")));
  CHECK_FALSE(pattern("mcp://s/t@1").covers(pattern("mcp://s/t")));
  CHECK(pattern("mcp://s/t@1.*").covers(pattern("mcp://s/t@1.2")));
  CHECK_FALSE(pattern("mcp://s/t").covers(pattern("*")));
  CHECK(pattern("mcp://s*/*").covers_server("s1"));
  CHECK_FALSE(pattern("mcp://s*/*@1").covers_server("s1"));
  CHECK_FALSE(pattern("mcp://s*/a*").covers_server("s1"));
}

TEST_CASE("a reference is written as its URI") {
  CHECK(ToolRef{"s", "t", "1.0"}.text() == "mcp://s/t@1.0");
  CHECK(ToolRef{"s", "t", ""}.text() == "mcp://s/t");
}

TEST_CASE("random globs agree with a naive matcher") {
  std::mt19937 random(11);
  const auto word = [&random](const char* letters, std::size_t longest) {
    std::string out;
    for (std::size_t n = random() % (longest + 1); n > 0; --n) out += letters[random() % 3];
    return out;
  };
  int matched = 0;
  for (int i = 0; i < 40000; ++i) {
    const std::string glob_text = word("ab*", 7), text = word("aba", 8);
    CAPTURE(glob_text, text);
    const bool expected = naive_glob(glob_text, text);
    REQUIRE(glob(glob_text, text) == expected);
    matched += expected ? 1 : 0;
  }
  CHECK(matched > 3000);
}

TEST_CASE("a hostile glob is answered at once") {
  std::string stars;
  for (int i = 0; i < 200; ++i) stars += "*a";
  CHECK_FALSE(glob(stars + "b", std::string(100'000, 'a')));
  CHECK(glob(stars + "*", std::string(100'000, 'a')));
}

}  // namespace durward::policy
