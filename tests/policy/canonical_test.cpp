#include "policy/canonical.hpp"

#include <bit>
#include <catch2/catch.hpp>
#include <charconv>
#include <limits>
#include <random>
#include <sstream>

#include "tests/policy/corpora.hpp"

namespace durward::json {
namespace {

Document parse(std::string text) {
  auto parsed = Document::parse(std::move(text), {2000, 4'000'000});
  REQUIRE(parsed);
  return *std::move(parsed);
}

std::string canonical(std::string text) {
  const Document document = parse(std::move(text));
  auto written = jcs(document.root());
  return written ? *written : "refused at " + std::to_string(written.error().offset) + ": " + written.error().why;
}

std::string exact(std::string text) {
  const Document document = parse(std::move(text));
  return x(document.root());
}

}  // namespace

TEST_CASE("RFC 8785's example comes out as its section 3.2.3 prints it") {
  const std::string text = R"({"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],)"
                           R"("string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]})";
  CHECK(canonical(text) ==
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
        "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST_CASE("members are ordered by UTF-16 code units, at every depth") {
  CHECK(canonical(R"({"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7})") ==
        "{\"\\r\":2,\"1\":4,\"\u0080\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\uFB33\":3}");
  CHECK(canonical(R"([{"b":{"d":1,"c":2},"a":[]}])") == R"([{"a":[],"b":{"c":2,"d":1}}])");
  CHECK(canonical(R"({"aa":1,"a":2,"":3,"b":4})") == R"({"":3,"a":2,"aa":1,"b":4})");
}

TEST_CASE("white space goes and escapes become the shortest") {
  CHECK(canonical(" [ 1 , \"\\u0061\\/\\u0008\\u001f\\u007f\" , { } ] ") == "[1,\"a/\\b\\u001f\x7f\",{}]");
}

TEST_CASE("numbers are written as ECMAScript does") {
  const std::vector<std::pair<const char*, const char*>> pairs = {{"-0", "0"},
                                                                  {"0.0", "0"},
                                                                  {"1.0", "1"},
                                                                  {"1e2", "100"},
                                                                  {"1e20", "100000000000000000000"},
                                                                  {"1e21", "1e+21"},
                                                                  {"123456789012345678901", "123456789012345680000"},
                                                                  {"0.000001", "0.000001"},
                                                                  {"0.0000001", "1e-7"},
                                                                  {"1.5e-9", "1.5e-9"},
                                                                  {"9007199254740993", "9007199254740992"},
                                                                  {"5e-324", "5e-324"},
                                                                  {"1.7976931348623157e308", "1.7976931348623157e+308"},
                                                                  {"0.1", "0.1"},
                                                                  {"-123.456e1", "-1234.56"},
                                                                  {"1e-400", "0"},
                                                                  {"-1e-400", "0"},
                                                                  {"0e999999999999999999999", "0"},
                                                                  {"0.00000000000000000000000000000000001e30", "0.00001"},
                                                                  {"1e-99999999999999999999", "0"}};
  for (const auto& [token, expected] : pairs) {
    CAPTURE(token);
    CHECK(canonical(token) == expected);
  }
}

TEST_CASE("RFC 8785 has no form for a number beyond a double, nor for half of a surrogate pair") {
  for (const char* token : {"1e309", "-1e309", "1e99999999999999999999", "-1e2147483648"}) {
    CAPTURE(token);
    CHECK(canonical("[" + std::string(token) + "]") == "refused at 1: the number does not fit a double");
  }
  CHECK(canonical(std::string(400, '9')) == "refused at 0: the number does not fit a double");
  CHECK(canonical("0." + std::string(400, '0') + "1") == "0");
  CHECK(canonical(R"({"a":"x\ud800y"})") == "refused at 5: the string holds half of a surrogate pair");
  CHECK(canonical(R"({"\udc00":1})") == "refused at 1: the string holds half of a surrogate pair");
}

TEST_CASE("X never merges two numbers that are written differently") {
  CHECK(exact("9007199254740992") != exact("9007199254740993"));
  for (const char* token : {"9007199254740993", "1.0", "1e2", "-0", "1e999", "0.1000000000000000055511151231257827", "7"})
    CHECK(exact(token) == token);
  CHECK(exact(R"( {"b" : 1.0, "a": "\u0041" } )") == R"({"a":"A","b":1.0})");
}

TEST_CASE("X keeps halves of surrogate pairs apart") {
  CHECK(exact(R"("\uD800")") == R"("\ud800")");
  CHECK(exact(R"(["\uD800\uD800\uDC00"])") == "[\"\\ud800\xF0\x90\x80\x80\"]");
  CHECK(exact(R"("\ud800")") != exact(R"("\ud801")"));
  // U+10000 is D800 DC00: behind a lone D800, before a lone DC00 and before U+E000.
  CHECK(exact(R"({"\ue000":1,"\ud800\udc00":2,"a\ud800":3})") == "{\"a\\ud800\":3,\"\xF0\x90\x80\x80\":2,\"\xEE\x80\x80\":1}");
}

TEST_CASE("a canonical text is its own canonical form") {
  const std::string once = canonical(R"({"z":[1e30,"\u00e9\u0001"],"a":{"y":-0.5,"x":[{},[]]}})");
  CHECK(canonical(once) == once);
  CHECK(exact(once) == once);
}

TEST_CASE("nesting deeper than any stack is written") {
  const std::string deep = std::string(2000, '[') + std::string(2000, ']');
  CHECK(canonical(deep) == deep);
}

TEST_CASE("random doubles are written so that they read back as themselves") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    const std::string text = number(value);
    double back = 0;
    std::from_chars(text.data(), text.data() + text.size(), back);
    REQUIRE(back == value);
    REQUIRE(canonical(text) == text);
  }
}

TEST_CASE("a quoted text is a JSON string of that text") {
  CHECK(quote("a\"\\\n\t\x01\x1f\x7f/é😀") == "\"a\\\"\\\\\\n\\t\\u0001\\u001f\x7f/é😀\"");
  CHECK(quote(std::string("\0", 1)) == "\"\\u0000\"");
  CHECK(quote("a\xFF\xE2\x82z") == "\"a\uFFFD\uFFFD\uFFFDz\"");
  CHECK(quote("\xED\xA0\x80") == "\"\uFFFD\uFFFD\uFFFD\"");
  for (int c = 0; c < 0x100; ++c) {
    const std::string text(3, static_cast<char>(c));
    const Document document = parse(quote(text));
    if (c < 0x80) CHECK(document.root().string() == text);
  }
}

TEST_CASE("RFC 8785's test data comes out byte for byte") {
  const auto folder = tests::corpus("jcs");
  if (!folder) return;
  int files = 0;
  for (const auto& input : std::filesystem::directory_iterator(*folder / "all" / "input")) {
    CAPTURE(input.path().filename().string());
    CHECK(canonical(tests::read_file(input.path())) == tests::read_file(*folder / "all" / "output" / input.path().filename()));
    ++files;
  }
  CHECK(files == 6);
}

TEST_CASE("ECMAScript's own numbers come out character for character") {
  const auto folder = tests::corpus("jcs");
  if (!folder) return;
  int lines = 0;
  std::istringstream in(tests::read_file(*folder / "dev" / "es6_numbers_00001-10000.txt"));
  for (std::string line; std::getline(in, line); ++lines) {
    const std::size_t comma = line.find(',');
    std::uint64_t bits = 0;
    std::from_chars(line.data(), line.data() + comma, bits, 16);
    REQUIRE(number(std::bit_cast<double>(bits)) == line.substr(comma + 1));
  }
  CHECK(lines == 10000);
}

TEST_CASE("the accepted files of JSONTestSuite have the canonical form that other implementations give them") {
  const auto jcs_folder = tests::corpus("jcs");
  const auto suite = tests::corpus("jsontestsuite");
  if (!jcs_folder || !suite) return;
  int compared = 0;
  std::istringstream in(tests::read_file(*jcs_folder / "jsontestsuite_y_canonical.jsonl"));
  for (std::string line; std::getline(in, line);) {
    const Document row = parse(line);
    const auto path = *suite / "dev" / row.root().find("file").string();
    const bool repeated = row.root().find("duplicate_names").boolean();
    if (!std::filesystem::exists(path) || repeated || row.root().find("lone_surrogate").boolean()) continue;
    CAPTURE(path.filename().string());
    CHECK(canonical(tests::read_file(path)) == row.root().find("canonical").string());
    ++compared;
  }
  CHECK(compared > 30);
}

}  // namespace durward::json
