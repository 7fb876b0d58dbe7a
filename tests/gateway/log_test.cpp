#include "gateway/log.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "policy/json.hpp"

using namespace durward;
using namespace durward::gateway;
using namespace std::chrono_literals;

namespace {

// As stderr has it, with the time before.
json::Document parsed(const log::Line& line) {
  auto document = json::Document::parse("{\"ts\":\"t\"," + log::as_json(log::LogLevel::info, log::Event::refused, line));
  REQUIRE(document);
  return *std::move(document);
}

}  // namespace

TEST_CASE("a line has level, event and message, and the members that are set, in one order") {
  log::Line line;
  line.msg = "refused";
  line.detail = "the path is not /mcp/{server}";
  line.reason = "no_such_route";
  line.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  line.count = 3;
  line.took = 1500ms;
  CHECK(log::as_json(log::LogLevel::warn, log::Event::refused, line) ==
        R"("level":"warn","event":"refused","msg":"refused","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736",)"
        R"("reason":"no_such_route","detail":"the path is not /mcp/{server}","count":3,"ms":1500})");
  CHECK(log::as_text(log::LogLevel::warn, log::Event::refused, line) ==
        R"(warn refused "refused" trace_id="4bf92f3577b34da6a3ce929d0e0e4736" reason="no_such_route" )"
        R"(detail="the path is not /mcp/{server}" count=3 ms=1500)");
}

TEST_CASE("whatever the strings hold, a line is one line and strict JSON") {
  for (const std::string& hostile :
       {std::string("a\"b\\c"), std::string("two\nlines\r\n"), std::string("nul\0inside", 10), std::string("\xff\xfe\x80"),
        std::string("\xed\xa0\x80"), std::string("{\"ts\":\"forged\"}\n{\"level\":\"error\"}"), std::string("%v %s {} {0}"),
        std::string("\x1b[31mred"), std::string(5000, '"')}) {
    log::Line line;
    line.msg = line.server = line.reason = line.detail = line.entry = line.rulebook = line.trace_id = hostile;
    const std::string text = log::as_text(log::LogLevel::info, log::Event::refused, line);
    CHECK(text.find_first_of("\n\r") == std::string::npos);
    const json::Document document = parsed(line);
    CHECK(document.text().find_first_of("\n\r") == std::string::npos);
    CHECK(document.root().find("level").string() == "info");
    CHECK(document.root().find("event").string() == "refused");
  }
}

TEST_CASE("a member is cut at 1024 bytes, and not within a character") {
  log::Line line;
  const std::string text = std::string(1023, 'x') + "\xc3\xa9 and more";
  line.msg = text;
  const json::Document document = parsed(line);
  CHECK(document.root().find("msg").string() == std::string(1023, 'x'));
}

TEST_CASE("a flood has its bound a second, and what is beyond is counted and reported once") {
  log::Bound bound;
  bound.set(3);
  log::Bound::Time now{1h};
  int admitted = 0;
  for (int i = 0; i < 1000; ++i) admitted += bound.admit(now + i * 100us) ? 1 : 0;
  CHECK(admitted == 3);
  CHECK(bound.total() == 997);
  CHECK(bound.take(now + 999ms) == 0);  // the second is not over
  CHECK(bound.take(now + 1s) == 997);
  CHECK(bound.take(now + 1s) == 0);
  CHECK(bound.admit(now + 1s));
  bound.set(0);
  CHECK_FALSE(bound.admit(now + 1s));
  CHECK(bound.take(now + 1s, true) == 1);
  CHECK(bound.total() == 998);
}

TEST_CASE("every event has a name of its own") {
  for (int i = 0; i < static_cast<int>(log::Event::unended); ++i)
    for (int j = i + 1; j <= static_cast<int>(log::Event::unended); ++j)
      CHECK(log::name(static_cast<log::Event>(i)) != log::name(static_cast<log::Event>(j)));
}
