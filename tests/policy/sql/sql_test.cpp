#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <string>

#include "policy/json.hpp"
#include "policy/sql/classes.hpp"

namespace durward::tests {
namespace {

/// Calls f(statement, dialect, what it does) for every row of a table in tests/vectors/sql. Returns how many there are.
template <class F>
int each(const char* table, const F& f) {
  std::ifstream in(std::string(DURWARD_SOURCE_DIR) + "/tests/vectors/sql/" + table);
  REQUIRE(in);
  int rows = 0;
  for (std::string line; std::getline(in, line); ++rows) {
    const auto row = json::Document::parse(line);
    REQUIRE(row);
    f(row->root().find("sql").string(), row->root().find("dialect").string(), row->root().find("does").string());
  }
  return rows;
}

sql::Classes classes(const char* text) { return sql::read(text).classes; }

}  // namespace

TEST_CASE("sql: nothing of the hostile table passes as a query") {
  int refused = 0;
  const int rows = each("hostile.jsonl", [&](const std::string& text, const std::string& dialect, const std::string& does) {
    INFO(dialect << ": " << text);
    const sql::Reading reading = sql::read(text);
    CHECK_FALSE(reading.within(sql::kSelect));
    // A rule that asks for the class finds it, too.
    const auto named = sql::classes_of(does);
    if (named) CHECK(reading.may(*named));
    if (!reading.within(sql::kSelect)) ++refused;
  });
  std::printf("sql: %d of %d hostile statements refused\n", refused, rows);
  CHECK(rows >= 150);
}

TEST_CASE("sql: at most one in fifty of the benign table is refused") {
  int passed = 0;
  const int rows = each("benign.jsonl", [&](const std::string& text, const std::string& dialect, const std::string&) {
    const bool good = sql::read(text).within(sql::kSelect);
    if (good) ++passed;
    if (!good) std::printf("  refused: %s: %s\n", dialect.c_str(), text.c_str());
  });
  std::printf("sql: %d of %d benign statements pass\n", passed, rows);
  CHECK(rows >= 100);
  CHECK((rows - passed) * 50 <= rows);
}

TEST_CASE("sql: the classes of a statement") {
  using namespace sql;
  CHECK(classes("SELECT 1") == kSelect);
  CHECK(classes("INSERT INTO t VALUES (1)") == kInsert);
  CHECK(classes("WITH x AS (DELETE FROM t RETURNING 1) SELECT 1") == (kSelect | kDelete));
  CHECK(classes("CREATE TABLE t (a int)") == kCreate);
  CHECK(classes("UPDATE t SET a = 1") == kUpdate);
  CHECK(read("UPDATE t SET a = 1").within(kSelect | kUpdate));
  CHECK_FALSE(read("UPDATE t SET a = 1; SELECT 1").within(kSelect | kUpdate));
  CHECK(read("UPDATE t SET a = 1; SELECT 1").within(kEverything));
  CHECK(read("").within(0));
  CHECK(read(" -- nothing\n").within(0));
  CHECK(read("hello").may(kDrop));
  CHECK_FALSE(read("SELECT 1").may(kDrop));
  CHECK(classes_of("ddl") == kDdl);
  CHECK_FALSE(classes_of("SELECT"));
}

TEST_CASE("sql: a text longer than the limit is not read") {
  const std::string most = "SELECT '" + std::string(sql::kLongest - 9, 'x') + "'";
  CHECK(sql::read(most).within(sql::kSelect));
  CHECK_FALSE(sql::read(most + " ").clear);
}

TEST_CASE("sql: what looks like SQL") {
  for (const char* yes : {"select 1", "(SELECT 1)", "drop table x", "x; y", "a -- b", "xp_cmdshell 'dir'", "; delete"})
    CHECK(sql::looks_like_sql(yes));
  for (const char* no : {"weather in Paris", "", "cats", "what's new?", "\"exact phrase\""})
    CHECK_FALSE(sql::looks_like_sql(no));
}

}  // namespace durward::tests
