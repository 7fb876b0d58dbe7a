#include "policy/schema/number.hpp"

#include <random>

#include "tests/policy/schema/schema.hpp"

namespace durward::schema {
namespace {

Number read(std::string_view token) {
  const auto number = Number::read(token);
  REQUIRE(number);
  return *number;
}

/// An integer below 10^12 written in one of many ways.
std::string written(std::int64_t value, std::mt19937& random) {
  std::string digits = std::to_string(value < 0 ? -value : value);
  const std::size_t zeros = random() % 3;
  const std::size_t places = random() % (digits.size() + 3);
  digits += std::string(zeros, '0');
  std::int64_t exponent = -static_cast<std::int64_t>(zeros);
  if (places > 0 && places < digits.size()) {
    digits.insert(digits.size() - places, ".");
    exponent += static_cast<std::int64_t>(places);
  }
  if (exponent != 0) digits += (random() % 2 == 0 ? "e" : "E") + std::to_string(exponent);
  return (value < 0 ? "-" : "") + digits;
}

}  // namespace

TEST_CASE("number: however it is written, it compares, divides and hashes as its value does") {
  std::mt19937 random(7);
  for (int i = 0; i < 100'000; ++i) {
    const std::int64_t range = i % 2 == 0 ? 20 : 1'000'000'000'000;
    const auto pick = [&] { return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * range)) - range; };
    const std::int64_t a = pick(), b = pick();
    const std::string left = written(a, random), right = written(b, random);
    CAPTURE(left, right);
    const Number x = read(left), y = read(right);
    const bool good = x.integer() &&
                      x.compare(y) == (a < b   ? -1
                                       : a > b ? 1
                                               : 0) &&
                      x.zero() == (a == 0) && (a != b || x.hash() == y.hash()) &&
                      x.small() == (a >= 0 ? std::optional(static_cast<std::uint64_t>(a)) : std::nullopt);
    if (!good) FAIL_CHECK("not as their values");
    if (const auto divisor = Divisor::of(y); divisor && divisor->divides(x) != (a % b == 0)) FAIL_CHECK("divides");
    if (Divisor::of(y).has_value() != (b > 0)) FAIL_CHECK("what divides is positive");
  }
}

TEST_CASE("number: fractions, and what lies far apart") {
  const std::string_view ordered[] = {"-1e1000000000",
                                      "-1e17",
                                      "-99999999999999999.9",
                                      "-1.5",
                                      "-1.0000000000000000001",
                                      "-1",
                                      "-1e-999999999",
                                      "0",
                                      "1e-1000000000",
                                      "1e-17",
                                      "0.0999999999999999999999",
                                      "0.1",
                                      "0.12",
                                      "9007199254740992",
                                      "9007199254740993",
                                      "1e999999999"};
  for (std::size_t i = 0; i < std::size(ordered); ++i) {
    for (std::size_t j = 0; j < std::size(ordered); ++j) {
      CAPTURE(ordered[i], ordered[j]);
      CHECK(read(ordered[i]).compare(read(ordered[j])) == (i < j ? -1 : i > j ? 1 : 0));
    }
  }
  CHECK_FALSE(read("1.5").integer());
  CHECK_FALSE(read("1e-1").integer());
  CHECK(read("1.50e1").integer());
  CHECK(read("0.0").integer());
  CHECK(read("-0.000e5").compare(read("0")) == 0);
  CHECK(read("0e99999999999999999999").zero());
  CHECK_FALSE(Number::read("1e1000000001"));
  CHECK_FALSE(Number::read("10e1000000000"));
  CHECK_FALSE(Number::read("1e-1000000001"));
  CHECK_FALSE(Number::read("1e99999999999999999999999999"));
  CHECK(Number::read("1e0000000000000000000000000001"));
}

TEST_CASE("number: what divides") {
  const auto divides = [](std::string_view divisor, std::string_view number) {
    return Divisor::of(read(divisor))->divides(read(number));
  };
  CHECK(divides("0.01", "4.35"));
  CHECK(divides("0.01", "1e1000000000"));
  CHECK_FALSE(divides("0.01", "4.355"));
  CHECK(divides("0.3", "0.9"));
  CHECK_FALSE(divides("0.3", "1"));
  CHECK(divides("999999999999999999", "1999999999999999998"));
  CHECK_FALSE(divides("999999999999999999", "1999999999999999999"));
  CHECK(divides("1e-9", "1"));
  CHECK_FALSE(divides("1e9", "1"));
  CHECK(divides("7", "0"));
  CHECK_FALSE(Divisor::of(read("0")));
  CHECK_FALSE(Divisor::of(read("-1")));
  CHECK_FALSE(Divisor::of(read("1234567890123456789")));
  CHECK(Divisor::of(read("123456789012345678e5")));
}

}  // namespace durward::schema
