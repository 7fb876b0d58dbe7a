#include <catch2/catch.hpp>

#include "config/fields.hpp"

using namespace durward::config;

TEST_CASE("durations need a unit and come out in the setting's own measure") {
  CHECK(measure("250ms", Unit::ms).value == 250);
  CHECK(measure("10s", Unit::ms).value == 10'000);
  CHECK(measure("5m", Unit::s).value == 300);
  CHECK(measure("24h", Unit::s).value == 86'400);
  CHECK(measure("30d", Unit::s).value == 2'592'000);
  CHECK(measure("2000ms", Unit::s).value == 2);
  for (const char* text : {"10", "s", "", "1 s", "1S", "1.5s", "-1s", "+1s", "01s", "1s ", "1sec", "1w", "0x1s", "1ss"}) {
    INFO(text);
    const Measured measured = measure(text, Unit::s);
    CHECK_FALSE(measured.value);
    CHECK(measured.error.find("250ms, 10s, 5m, 24h or 30d") != std::string::npos);
  }
  CHECK(measure("1500ms", Unit::s).error == "must be whole seconds");
}

TEST_CASE("sizes are bytes or binary multiples") {
  CHECK(measure("1000", Unit::bytes).value == 1000);
  CHECK(measure("1000B", Unit::bytes).value == 1000);
  CHECK(measure("16KiB", Unit::bytes).value == 16'384);
  CHECK(measure("4MiB", Unit::bytes).value == 4'194'304);
  CHECK(measure("1GiB", Unit::bytes).value == 1ULL << 30);
  CHECK(measure("1TiB", Unit::bytes).value == 1ULL << 40);
  CHECK(measure("4MB", Unit::bytes).error.find("write MiB") != std::string::npos);
  for (const char* text : {"", "KiB", "4kib", "4 MiB", "4M", "4k", "1.5MiB", "-1", "01", "1e3", "4MiBs"}) {
    INFO(text);
    CHECK_FALSE(measure(text, Unit::bytes).value);
  }
}

TEST_CASE("counts are decimal digits") {
  CHECK(measure("0", Unit::count).value == 0);
  CHECK(measure("18446744073709551615", Unit::count).value == 18446744073709551615ULL);
  for (const char* text : {"", "-1", "+1", "007", "0x10", "1_000", "1.0", "1e3", " 1", "ten", "１"}) {
    INFO(text);
    CHECK(measure(text, Unit::count).error == "must be a whole number");
  }
}

TEST_CASE("a number too large for its type is refused and does not wrap") {
  CHECK(measure("18446744073709551616", Unit::count).error == "is too large");
  CHECK(measure("16777216TiB", Unit::bytes).error == "is too large");
  CHECK(measure("213503982335d", Unit::s).error == "is too large");
  CHECK(measure("99999999999999999999999s", Unit::ms).error == "is too large");
}

TEST_CASE("what is written is read back as the same number") {
  for (const std::uint64_t value : {0ULL, 1ULL, 999ULL, 1000ULL, 1024ULL, 60'000ULL, 86'400'000ULL, 1ULL << 40, 1234567ULL}) {
    for (const Unit unit : {Unit::count, Unit::bytes, Unit::ms, Unit::s}) {
      INFO(written(value, unit));
      CHECK(measure(written(value, unit), unit).value == value);
    }
  }
  CHECK(written(4U << 20, Unit::bytes) == "4MiB");
  CHECK(written(1500, Unit::ms) == "1500ms");
  CHECK(written(120, Unit::s) == "2m");
}
