#include "policy/schema/number.hpp"

#include <algorithm>
#include <charconv>

namespace durward::schema {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::int64_t kShort = 18;

/// The exponent of a token: what stands behind its e. Nothing if it is out of bounds.
std::optional<std::int64_t> exponent_of(std::string_view text) {
  if (text.empty()) return 0;
  const bool negative = text.front() == '-';
  if (negative || text.front() == '+') text.remove_prefix(1);
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  std::int64_t value = 0;
  if (text.size() > 10) return std::nullopt;
  std::from_chars(text.data(), text.data() + text.size(), value);
  if (value > Number::kMostExponent) return std::nullopt;
  return negative ? -value : value;
}

int sign(std::int64_t a, std::int64_t b) { return a < b ? -1 : a > b ? 1 : 0; }

std::uint64_t times(std::uint64_t a, std::uint64_t b, std::uint64_t modulus) {
  return static_cast<std::uint64_t>(Wide{a} * b % modulus);
}

std::uint64_t power_of_ten(std::int64_t exponent, std::uint64_t modulus) {
  std::uint64_t result = 1 % modulus;
  for (std::uint64_t base = 10 % modulus; exponent > 0; exponent >>= 1, base = times(base, base, modulus)) {
    if ((exponent & 1) != 0) result = times(result, base, modulus);
  }
  return result;
}

}  // namespace

std::optional<Number> Number::read(std::string_view token) {
  Number number;
  number.negative_ = token.front() == '-';
  if (number.negative_) token.remove_prefix(1);
  const std::size_t e = token.find_first_of("eE");
  const auto exponent = exponent_of(e == std::string_view::npos ? std::string_view() : token.substr(e + 1));
  token = token.substr(0, e);
  const std::size_t first = token.find_first_of("123456789");
  if (first == std::string_view::npos) return Number();  // whatever the exponent
  if (!exponent) return std::nullopt;
  const std::size_t last = token.find_last_of("123456789");
  const std::size_t dot = std::min(token.find('.'), token.size());
  number.digits_ = token.substr(first, last - first + 1);
  number.count_ = static_cast<std::int64_t>(number.digits_.size()) - (first < dot && dot < last ? 1 : 0);
  number.point_ = static_cast<std::int64_t>(dot) - static_cast<std::int64_t>(first) + (first > dot ? 1 : 0) + *exponent;
  const std::int64_t scientific = number.point_ - 1;
  if (scientific > kMostExponent || scientific < -kMostExponent) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> Number::small() const {
  if (zero()) return 0;
  if (negative_ || !integer() || point_ > kShort) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits_) {
    if (c != '.') value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  for (std::int64_t i = count_; i < point_; ++i) value *= 10;
  return value;
}

int Number::compare(const Number& other) const {
  if (zero() || other.zero() || negative_ != other.negative_) {
    const auto side = [](const Number& n) { return n.zero() ? 0 : n.negative_ ? -1 : 1; };
    return sign(side(*this), side(other));
  }
  int order = sign(point_, other.point_);
  auto mine = digits_.begin();
  auto theirs = other.digits_.begin();
  while (order == 0) {
    if (mine != digits_.end() && *mine == '.') ++mine;
    if (theirs != other.digits_.end() && *theirs == '.') ++theirs;
    if (mine == digits_.end() || theirs == other.digits_.end()) {
      order = sign(mine != digits_.end() ? 1 : 0, theirs != other.digits_.end() ? 1 : 0);
      break;
    }
    order = sign(*mine++, *theirs++);
  }
  return negative_ ? -order : order;
}

std::uint64_t Number::hash() const {
  std::uint64_t hash = static_cast<std::uint64_t>(zero() ? 0 : point_) * 2 + (negative_ ? 1 : 0);
  for (const char c : digits_) {
    if (c != '.') hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  }
  return hash;
}

std::optional<Divisor> Divisor::of(const Number& number) {
  if (number.zero() || number.negative_ || number.count_ > kShort) return std::nullopt;
  std::uint64_t digits = 0;
  for (const char c : number.digits_) {
    if (c != '.') digits = digits * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return Divisor(digits, number.point_ - number.count_);
}

bool Divisor::divides(const Number& number) const {
  if (number.zero()) return true;
  // number is D × 10^e and this d × 10^f, neither D nor d a multiple of 10: with e < f the quotient keeps a digit behind the
  // point.
  const std::int64_t e = number.point_ - number.count_;
  if (e < exponent_) return false;
  std::uint64_t rest = 0;
  for (const char c : number.digits_) {
    if (c != '.') rest = static_cast<std::uint64_t>((Wide{rest} * 10 + static_cast<std::uint64_t>(c - '0')) % digits_);
  }
  return times(rest, power_of_ten(e - exponent_, digits_), digits_) == 0;
}

}  // namespace durward::schema
