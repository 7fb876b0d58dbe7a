#include "audit/query.hpp"

#include <catch2/catch.hpp>

#include "tests/audit/support.hpp"

namespace durward::audit {
namespace {

using namespace test;

const std::string kSegment = "ledger-2026-03-01.000.ndjson";

std::string line(const std::string& members, const std::string& ts = "2026-03-01T12:00:00.000Z") {
  return "{\"ts\":\"" + ts + "\"," + members + "}\n";
}

TEST_CASE("show finds by tool, server, subject, verdict, type and time, and never minds unknown members") {
  const Folder folder;
  spill(folder.path(kSegment),
        line("\"type\":\"call\",\"tool\":\"files.read\",\"server\":\"files\",\"sub\":\"alice\",\"verdict\":\"allow\"") +
            line("\"type\":\"refusal\",\"tool\":\"shell.run\",\"server\":\"shell\",\"verdict\":\"deny\"") + "garbage\n" +
            line("\"type\":\"brand_new\",\"tool\":{\"x\":1},\"later\":[1.5,null]", "2026-03-02T12:00:00.000Z"));
  const auto matched = [&](Query query) { return find_records({folder.path()}, query)->matched; };
  CHECK(matched({}) == 3);
  CHECK(find_records({folder.path()}, {})->unreadable == 1);
  const auto with = [](auto set) {
    Query query;
    set(query);
    return query;
  };
  CHECK(matched(with([](Query& q) { q.tool = "files.*"; })) == 1);
  CHECK(matched(with([](Query& q) { q.tool = "files"; })) == 0);
  CHECK(matched(with([](Query& q) { q.server = "shell"; })) == 1);
  CHECK(matched(with([](Query& q) { q.sub = "alice"; })) == 1);
  CHECK(matched(with([](Query& q) { q.verdict = "deny"; })) == 1);
  CHECK(matched(with([](Query& q) { q.type = "brand_new"; })) == 1);
  CHECK(matched(with([](Query& q) { q.since_ms = kNoon + 1; })) == 1);
  const auto limited = find_records({folder.path()}, with([](Query& q) { q.limit = 1; }));
  REQUIRE(limited->lines.size() == 1);
  CHECK(limited->lines[0].find("brand_new") != std::string::npos);
  CHECK(limited->matched == 3);
  CHECK_FALSE(find_records({folder.path("missing")}, {}));
}

TEST_CASE("the table is aligned and shows nothing that could repaint the terminal") {
  const std::string table =
      table_of({line("\"type\":\"call\",\"tool\":\"a\\u001b[2Jb\",\"server\":\"s\""), line("\"type\":\"refusal\"")});
  CHECK(table.find('\x1b') == std::string::npos);
  CHECK(table.find("s/a?[2Jb") != std::string::npos);
  std::istringstream in(table);
  std::string head, first, second;
  std::getline(in, head);
  std::getline(in, first);
  std::getline(in, second);
  CHECK(head.find("TYPE") == first.find("call"));
  CHECK(head.find("TYPE") == second.find("refusal"));
}

TEST_CASE("spans of time are a number and a unit") {
  CHECK(parse_span("90s") == 90000);
  CHECK(parse_span("15m") == 900000);
  CHECK(parse_span("24h") == 86400000);
  CHECK(parse_span("7d") == 604800000);
  for (const char* wrong : {"", "h", "24", "1.5h", "-1h", "1w", "9999999999d"}) CHECK_FALSE(parse_span(wrong));
}

}  // namespace
}  // namespace durward::audit
