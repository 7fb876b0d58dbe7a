#include "gateway/secret_echo.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "policy/json.hpp"

using namespace durward;
using namespace durward::gateway;

namespace {

std::string redacted(std::string_view secret, const std::string& json) {
  std::vector<Edit> edits;
  SecretEcho(secret).find(json, edits);
  return apply(json, std::move(edits));
}

const std::string kSecret = "s3cr3t-Value/42";
const std::string kMark(SecretEcho::kMark);

}  // namespace

TEST_CASE("a secret is found in values and names, and every other byte stays") {
  CHECK(redacted(kSecret, R"({"a" : "x)" + kSecret + R"(y", "n": 1.0})") == R"({"a" : "x)" + kMark + R"(y", "n": 1.0})");
  CHECK(redacted(kSecret, R"({")" + kSecret + R"(":[true, "\u0041"]})") == R"({")" + kMark + R"(":[true, "\u0041"]})");
  CHECK(redacted(kSecret, R"("nothing of it")") == R"("nothing of it")");
}

TEST_CASE("a secret is found however JSON escapes it") {
  CHECK(redacted(kSecret, R"("a\ns3cr3t-Value\/42b")") == R"("a\n)" + kMark + "b\"");
  CHECK(redacted(kSecret, R"("\u0073\u0033cr3t-\u0056alue\u002F42")") == "\"" + kMark + "\"");
  CHECK(redacted("tab\tand \"quote\"", R"(["tab\tand \"quote\""])") == "[\"" + kMark + "\"]");
  CHECK(redacted("tab\tand \"quote\"", R"(["tab\u0009and \u0022quote\u0022"])") == "[\"" + kMark + "\"]");
  CHECK(redacted("back\\slash!", R"(["back\\slash!"])") == "[\"" + kMark + "\"]");
  CHECK(redacted("schlüssel-𝄞", "[\"schl\\u00fcssel-\\ud834\\uDD1E\"]") == "[\"" + kMark + "\"]");
  CHECK(redacted("schlüssel-𝄞", "[\"schlüssel-𝄞\\n\"]") == "[\"" + kMark + "\\n\"]");
}

TEST_CASE("occurrences that overlap or touch leave nothing of the secret") {
  CHECK(redacted("abcabcab", R"("\tabcabcabcab!")") == R"("\t)" + kMark + "!\"");
  CHECK(redacted("aaaaaaaa", R"("\taaaaaaaaaaaa")") == R"("\t)" + kMark + "\"");
  CHECK(redacted(kSecret, "\"" + kSecret + kSecret + "\"") == "\"" + kMark + kMark + "\"");
}

TEST_CASE("what stands in two strings is not the secret, and the text stays JSON") {
  const std::string split = R"(["s3cr3t-","Value/42"])";
  CHECK(redacted(kSecret, split) == split);
  CHECK(redacted(R"(a","b","c)", R"(["a","b","c\n"])") == R"(["a","b","c\n"])");
}

TEST_CASE("a secret of fewer bytes than can be told from other text is refused") {
  CHECK_THROWS_AS(SecretEcho("1234567"), std::logic_error);
  CHECK_NOTHROW(SecretEcho("12345678"));
}

TEST_CASE("headers and fields of events are searched as they stand") {
  const SecretEcho echo(kSecret);
  CHECK(echo.in("max-age=1, x=" + kSecret));
  CHECK_FALSE(echo.in("s3cr3t-Value"));
  CHECK_FALSE(echo.in(""));
}

// The secret is put in at random, escaped at random; afterwards no decoded string holds it, and without it nothing changes.
TEST_CASE("random texts: what was hidden is found, what was not stays as it was") {
  std::mt19937 random(7);
  const auto any = [&random](unsigned below) { return static_cast<unsigned>(random() % below); };
  for (int round = 0; round < 2000; ++round) {
    std::string text = "[\"";
    bool hidden = false;
    for (unsigned piece = any(12); piece > 0; --piece) {
      switch (any(4)) {
        case 0:
          text += "s3cr3t-";
          break;
        case 1:
          text += "\\u00e9\\n";
          break;
        case 2:
          text += "\",\"";
          break;
        default:
          hidden = true;
          for (const char c : kSecret) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
            text += any(3) == 0 ? std::string(escaped) : std::string(1, c);
          }
      }
    }
    text += "\"]";
    const std::string out = redacted(kSecret, text);
    INFO(text);
    CHECK((out != text) == hidden);
    const auto parsed = json::Document::parse(out);
    REQUIRE(parsed);
    for (const json::Value one : (*parsed).root().elements()) CHECK(one.string().find(kSecret) == std::string::npos);
  }
}
