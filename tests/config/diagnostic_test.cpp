#include <catch2/catch.hpp>

#include "config/diagnostic.hpp"

using namespace durward::config;

namespace {

Diagnostic at(int line, int column, std::string message, int hidden_from = 0) {
  return {Severity::error, {"f.yaml", line, column}, std::move(message), hidden_from};
}

}  // namespace

TEST_CASE("a diagnostic is rendered in the GNU form with a caret") {
  CHECK(render(at(2, 4, "bad"), "a: 1\nb: xyz\nc: 3\n") == "f.yaml:2:4: error: bad\n  b: xyz\n     ^\n");
  CHECK(render(Diagnostic{Severity::warning, {"f", 1, 1}, "hm"}, "x") == "f:1:1: warning: hm\n  x\n  ^\n");
}

TEST_CASE("a diagnostic without source, line or column shows what it has") {
  CHECK(render(at(2, 4, "bad"), "") == "f.yaml:2:4: error: bad\n");
  CHECK(render(at(9, 4, "bad"), "one line\n") == "f.yaml:9:4: error: bad\n");
  CHECK(render(at(0, 0, "gone"), "a\n") == "f.yaml: error: gone\n");
  CHECK(render(at(1, 0, "bad"), "a\n") == "f.yaml:1: error: bad\n  a\n  ^\n");
}

TEST_CASE("the caret stands under the column also after tabs and letters of several bytes") {
  CHECK(render(at(1, 4, "bad"), "\xC3\xA9\tx\n") == "f.yaml:1:4: error: bad\n  \xC3\xA9 x\n    ^\n");
}

TEST_CASE("control characters and bytes that are not UTF-8 never reach a terminal") {
  CHECK(render(at(1, 1, "m\x1B[2J"), "\x1B[31m\xFF\xC2\x9B\r\n") == "f.yaml:1:1: error: m?[2J\n  ?[31m??\n  ^\n");
}

TEST_CASE("of a long line only the part around the column is shown") {
  const std::string shown = render(at(1, 5001, "bad"), std::string(5000, 'a') + "X" + std::string(5000, 'b'));
  CHECK(shown.size() < 500);
  CHECK(shown.find("aX") != std::string::npos);
}

TEST_CASE("a line that may hold a secret is hidden from there on, in every diagnostic about it") {
  const std::string source = "{key: s3cret, port: x}\nnext\n";
  const std::string one = render(at(1, 7, "bad", 7), source);
  CHECK(one == "f.yaml:1:7: error: bad\n  {key: (hidden)\n        ^\n");
  const std::string all = render(std::vector{at(1, 7, "bad", 7), at(1, 21, "worse"), at(2, 1, "fine")}, source);
  CHECK(all.find("s3cret") == std::string::npos);
  CHECK(all.find("next") != std::string::npos);
}

TEST_CASE("only errors count as errors") {
  CHECK_FALSE(has_errors({}));
  CHECK_FALSE(has_errors({Diagnostic{Severity::warning, {}, "w"}}));
  CHECK(has_errors({Diagnostic{Severity::warning, {}, "w"}, at(1, 1, "e")}));
}

TEST_CASE("the nearest name is suggested only if it is near") {
  const std::vector<std::string> names{"address", "admin", "port", "policy", "ledger"};
  CHECK(nearest("adress", names) == "address");
  CHECK(nearest("prot", names) == "port");  // a swap is one edit
  CHECK(nearest("ports", names) == "port");
  CHECK(nearest("polcy", names) == "policy");
  CHECK(nearest("legder", names) == "ledger");
  CHECK(nearest("zzz", names).empty());
  CHECK(nearest("", names).empty());
  CHECK(nearest("port", {}).empty());
  CHECK(nearest(std::string(100'000, 'a'), names).empty());
}
