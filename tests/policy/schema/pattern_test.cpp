#include "policy/schema/pattern.hpp"

#include <iostream>
#include <vector>

#include "tests/policy/corpora.hpp"
#include "tests/policy/schema/schema.hpp"

namespace durward::schema {
namespace {

bool occurs(const std::string& pattern, const std::string& text) {
  const auto compiled = Pattern::compile(pattern);
  if (!compiled) FAIL(pattern << ": " << compiled.error());
  Budget budget(1'000'000, 8);
  return compiled->occurs(text, budget);
}

}  // namespace

TEST_CASE("pattern: what ECMA-262 and RE2 read differently is read as ECMA-262 does") {
  struct Row {
    std::string pattern;
    std::vector<std::string> hits, misses;
  };
  const std::vector<Row> rows = {
      {"b", {"abc"}, {"ac"}},
      {"^a$", {"a"}, {"a\n", "ba", "\na"}},
      {"^.$", {"a", "é", "😀", "\x01"}, {"\n", "\r", "\u2028", "\u2029", ""}},
      {"^\\s$", {" ", "\t", "\v", "\f", "\u00a0", "\ufeff", "\u3000", "\u2028"}, {"a", "\u200b", "\u0085"}},
      {"^\\S$", {"a", "\u200b", "\u0085", "😀"}, {" ", "\v", "\u00a0", "\ufeff"}},
      {"^[\\s\\d]+$", {"1 \u00a0"}, {"a"}},
      {"^[^\\s]$", {"a"}, {"\u00a0"}},
      {"^[\\S]$", {"a"}, {"\u00a0"}},
      {"^\\d\\D\\w\\W$", {"1a_-", "1éz "}, {"\u0967aa "}},
      {"^\\cA\\x41\\u0042\\u{1F600}\\ud83d\\ude00\\0$",
       {std::string("\x01"
                    "AB😀😀\0",
                    12)},
       {""}},
      {"^\\p{L}\\p{Letter}\\p{Lu}\\P{Lu}\\p{gc=Nd}\\p{Script=Greek}$", {"aéÀa1α"}, {"aéÀA1α"}},
      {"^\\p{Any}\\p{ASCII}[\\P{ASCII}]$", {"éaé"}, {"éaa"}},
      {"^[]$", {}, {"", "a"}},
      {"^[^]$", {"a", "\n", "😀"}, {""}},
      {"^[\\b]$", {"\b"}, {"b"}},
      {"\\bfoo\\b", {"a foo."}, {"afoo"}},
      {"^[\\w-.]+$", {"a-b.c"}, {"a/b"}},
      {"^[\\w.-]+$", {"a-b.c"}, {"a/b"}},
      {"^[a-]$", {"-", "a"}, {"b"}},
      {"^[--/]$", {"-", ".", "/"}, {"a"}},
      {"^[$()*+.?[{|}^]$", {"$", "(", "[", "^", "}"}, {"]", "\\"}},
      {"^\\/\\-\\@\\_\\ \\\"$", {"/-@_ \""}, {""}},
      {"^{a}{,1}}]$", {"{a}{,1}}]"}, {}},
      {"^(?<year>\\d{4})-(?:0?[1-9]){1,2}?$", {"2024-12", "2024-1"}, {"2024-"}},
      {"^.{1,255}$", {std::string(255, 'a')}, {"", std::string(256, 'a')}},
      {"^(a|b||c)*$", {"", "abc"}, {"d"}},
      {"^a{2}b{2,}c{1,2}$", {"aabbbc"}, {"abbc"}},
      {"(?:)", {"", "x"}, {}},
      {"", {"", "x"}, {}},
      {"^🐲*$", {"", "🐲🐲"}, {"\xf0\x9f\x90\xb3"}},
      {"^[🐲-🐳]$", {"🐲"}, {"x"}},
      {"^\\.\\*$", {".*"}, {"ab"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.pattern);
    for (const std::string& text : row.hits) CHECK(occurs(row.pattern, text));
    for (const std::string& text : row.misses) CHECK_FALSE(occurs(row.pattern, text));
  }
}

TEST_CASE("pattern: what neither knows is a mistake, what RE2 lacks is refused, and nothing is guessed") {
  for (const char* const pattern :
       {"(",        ")",           "a)",     "(a",      "[",    "[a",    "[b-a]", "*",     "+a",      "?",    "{1}",   "a**",
        "a{2}{3}",  "a{2,1}",      "^*",     "\\b+",    "\\",   "\\a",   "\\Z",   "\\A",   "\\z",     "\\Q",  "\\h",   "\\u12",
        "\\u{}",    "\\u{110000}", "\\u{g}", "\\x1",    "\\c1", "\\p",   "\\pL",  "\\p{L", "[\\p{L]", "(?",   "(?i)a", "(?i:a)",
        "(?P<a>b)", "(?#c)",       "(?<>a)", "(?<1>a)", "(?<a", "(?>a)", "\\01",  "a???",  "a|*",     "(?=a", "\xff"}) {
    CAPTURE(pattern);
    CHECK(translate(pattern).syntax);
    CHECK(translate(pattern).re2.empty());
    CHECK_FALSE(Pattern::compile(pattern));
  }
  for (const char* const pattern : {"(?=a)b", "(?!a)b", "(?<=a)b", "(?<!a)b", "(a)\\1", "(?<x>a)\\k<x>", "a{1001}", "a{1,1001}",
                                    "\\p{Emoji}", "\\p{C}", "\\P{Any}", "[\\P{LC}]", "\\p{scx=Grek}", "\\p{Script=Any}"}) {
    CAPTURE(pattern);
    CHECK_FALSE(translate(pattern).syntax);
    CHECK_FALSE(translate(pattern).fault.empty());
    CHECK_FALSE(Pattern::compile(pattern));
  }
  CHECK_FALSE(Pattern::compile("\\p{Script=Klingon}"));
  CHECK_FALSE(Pattern::compile(std::string(4097, 'a')));
  CHECK(Pattern::compile(std::string(1000, 'a')));
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep.insert(0, "("), deep += ")";
  CHECK_FALSE(Pattern::compile(deep));
}

TEST_CASE("pattern: a large program is refused, and what may leave the automaton is paid for") {
  CHECK_FALSE(Pattern::compile("(?:\\p{L}{100}){100}"));
  CHECK_FALSE(Pattern::compile("(?:a{0,50}){0,50}(?:b{0,50}){0,50}"));
  const auto steps = [](const std::string& pattern, std::size_t bytes) {
    const auto compiled = Pattern::compile(pattern);
    REQUIRE(compiled);
    Budget budget(1'000'000'000, 8);
    compiled->occurs(std::string(bytes, 'a'), budget);
    return 1'000'000'000 - budget.left();
  };
  CHECK(steps("\\S", 8000) <= 1004);
  CHECK(steps("^[A-Za-z0-9+/]*={0,2}$", 8000) <= 1004);
  CHECK(steps("^\\p{L}+$", 8000) <= 1004);
  CHECK(steps("a[ab]{100}c", 8000) > 8000 * 25);
  CHECK(steps("(?:[ab]{2}){2}c", 8000) > 8000);
  CHECK(translate("a[ab]{100}c").characters == 102);
  CHECK(translate("(?:ab{3}){2,}|c*").characters == 9);
  CHECK(translate("(?:(?:(?:a{1000}){1000}){1000}){1000}").characters == 1'000'000);
  Budget small(100, 8);
  const auto compiled = Pattern::compile("^\\d{4}-\\d{2}$");
  REQUIRE(compiled);
  CHECK_FALSE(compiled->occurs(std::string(1000, '1'), small));
  CHECK(small.stopped() == Stop::work);
}

TEST_CASE("pattern: the corpus of dangerous patterns is refused or answered within the work, the safe ones are taken") {
  const auto corpus = durward::tests::corpus("redos");
  if (!corpus) return;
  const std::string text = durward::tests::read_file(*corpus / "dev/cases.jsonl");
  int refused = 0, answered = 0, safe = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const json::Document row = tests::parse(text.substr(at, end - at));
    at = end + 1;
    const std::string pattern = row.root().find("pattern").string();
    CAPTURE(pattern);
    const auto compiled = Pattern::compile(pattern);
    if (row.root().find("verdict").equals("safe")) CHECK(compiled);
    if (!compiled) {
      ++refused;
      continue;
    }
    safe += row.root().find("verdict").equals("safe") ? 1 : 0;
    ++answered;
    const std::string attack = row.root().find("attack_input").string();
    for (const std::string& input : {attack, std::string(50'000, attack.empty() ? 'a' : attack[0])}) {
      // A step is at most 52 ns here (tests/bench/schema.cpp measures it), so that all of them are less than 100 ms.
      Budget budget(Limits{}.work, 8);
      compiled->occurs(input, budget);
      if (input.size() < 100) CHECK(budget.stopped() == Stop::none);
    }
  }
  std::cout << "redos: " << refused << " refused, " << answered << " answered within the work, of them " << safe
            << " safe ones\n";
  CHECK(safe == 16);
  CHECK(refused < 10);
}

}  // namespace durward::schema
