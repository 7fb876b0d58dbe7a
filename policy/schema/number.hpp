#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace durward::schema {

/// A JSON number, exactly as its token says: ± 0.D₁D₂…Dₙ × 10^point, where neither D₁ nor Dₙ is 0; zero has no digits. Digits
/// stay in the token, so a number costs no memory, and comparing costs the length of the tokens, whatever the exponents.
class Number {
 public:
  static constexpr std::int64_t kMostExponent = 1'000'000'000;

  /// token: a number that the parser of policy/json accepted; it must outlive the Number. Nothing if it is written with an
  /// exponent beyond ±kMostExponent, or would be with one digit before the point.
  static std::optional<Number> read(std::string_view token);

  bool zero() const { return count_ == 0; }
  bool negative() const { return negative_; }
  bool integer() const { return point_ >= count_; }
  /// Its value where it is an integer from 0 to 10^18.
  std::optional<std::uint64_t> small() const;
  /// Less than, equal to or greater than 0, as this is less than, equal to or greater than other.
  int compare(const Number& other) const;
  /// Equal for equal numbers.
  std::uint64_t hash() const;

 private:
  friend class Divisor;
  std::string_view digits_;  // D₁ to Dₙ, perhaps with the dot between two of them
  std::int64_t count_ = 0;   // of digits
  std::int64_t point_ = 0;
  bool negative_ = false;
};

/// What `multipleOf` says.
class Divisor {
 public:
  /// Nothing if number is not positive, or has more than 18 significant digits.
  static std::optional<Divisor> of(const Number& number);
  bool divides(const Number& number) const;

 private:
  Divisor(std::uint64_t digits, std::int64_t exponent) : digits_(digits), exponent_(exponent) {}
  std::uint64_t digits_;  // not a multiple of 10
  std::int64_t exponent_;
};

}  // namespace durward::schema
