#include <catch2/catch.hpp>

#include "config/reader.hpp"

using namespace durward::config;

namespace {

// What `trusted: TEXT` gives where the flag was `before`.
std::optional<bool> flag(const std::string& text, bool before) {
  Report report("f");
  const auto root = parse_document("trusted: " + text + "\n", report);
  REQUIRE(root);
  Reader reader(&*root, report.at(1, 1), "", report);
  bool out = before;
  const bool good = reader.flag({"trusted", ""}, out);
  reader.finish();
  CHECK(good == !report.failed());
  if (!good) CHECK(out == before);
  return good ? std::optional(out) : std::nullopt;
}

}  // namespace

TEST_CASE("a boolean is true or false and nothing that looks like it") {
  CHECK(flag("true", false) == true);
  CHECK(flag("false", true) == false);
  for (const char* text :
       {"yes", "no", "on", "off", "True", "FALSE", "1", "0", "\"true\"", "'false'", "~", "[true]", "{a: true}"}) {
    INFO(text);
    CHECK_FALSE(flag(text, true));
    CHECK_FALSE(flag(text, false));
  }
}

TEST_CASE("a key that nobody asked for is unknown, and one that was asked for is not") {
  Report report("f");
  const auto root = parse_document("a: 1\nb: 2\n", report);
  REQUIRE(root);
  Reader reader(&*root, report.at(1, 1), "", report);
  std::uint64_t value = 0;
  CHECK(reader.number({"a", ""}, {0, 9}, value));
  CHECK(value == 1);
  CHECK(report.where("a").column == 4);
  CHECK(report.where("b").line == 0);
  CHECK_FALSE(report.failed());
  reader.finish();
  CHECK(report.failed());
  const auto all = report.take();
  REQUIRE(all.size() == 1);
  CHECK(all[0].message == "unknown key \"b\": did you mean a?");
}

TEST_CASE("text that another YAML reader would take for a number or a boolean needs quotes") {
  const auto accepted = [](const std::string& value) {
    Report report("f");
    const auto root = parse_document("k: " + value + "\n", report);
    REQUIRE(root);
    Located<std::string> out;
    const Form any{"text", [](std::string_view) { return std::string(); }};
    return Reader(&*root, {}, "", report).text({"k", ""}, any, out);
  };
  for (const char* text :
       {"1", "-1", "+1", "1.10", ".5", "1.", "1e3", "1.5E-3", "0x1F", "0o17", ".inf", "-.inf", ".nan", "true", "FALSE"}) {
    INFO(text);
    CHECK_FALSE(accepted(text));
    CHECK(accepted('"' + std::string(text) + '"'));
  }
  for (const char* text :
       {"1.2.3", "30d", "1-2", "e3", ".", "..", "a1", "127.0.0.1", "yes", "2026-01-01", "1e3x", "./x", "-a"}) {
    INFO(text);
    CHECK(accepted(text));
  }
}

TEST_CASE("a list of maps is read item by item, and each mistake in it has its place") {
  Report report("f");
  const auto root = parse_document("rules:\n  - {id: a}\n  - {id: b, extra: 1}\n  - c\n  - [d]\n", report);
  REQUIRE(root);
  Reader reader(&*root, report.at(1, 1), "", report);
  const Form any{"text", [](std::string_view) { return std::string(); }};
  std::vector<std::string> ids;
  std::vector<int> lines;
  CHECK(reader.shape("rules") == Fields::Shape::list);
  CHECK(reader.shape("other") == Fields::Shape::absent);
  CHECK(reader.list({"rules", ""}, [&](Fields& f, const Position& where) {
    Located<std::string> id;
    if (f.text({"id", ""}, any, id)) ids.push_back(id.value);
    lines.push_back(where.line);
  }));
  reader.finish();
  CHECK(ids == std::vector<std::string>{"a", "b"});
  CHECK(lines == std::vector<int>{2, 3});
  const auto all = report.take();
  REQUIRE(all.size() == 3);
  CHECK(all[0].where.line == 3);
  CHECK(all[0].message.find("unknown key \"extra\" in rules[1]") == 0);
  CHECK(all[1].message == "an item of rules must be a map");
  CHECK(all[2].message == "an item of rules must be a map, found a list");
}
