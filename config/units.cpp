#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "config/fields.hpp"

namespace durward::config {
namespace {

struct Scale {
  std::string_view suffix;
  std::uint64_t factor;
};

constexpr std::array<Scale, 5> kSizes{
    {{"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}}};
constexpr std::array<Scale, 5> kTimes{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

constexpr std::string_view kSizeForm = R"(must be a size such as 1000B, 16KiB or 4MiB (B, KiB, MiB, GiB, TiB))";
constexpr std::string_view kTimeForm = R"(must be a duration with its unit, such as 250ms, 10s, 5m, 24h or 30d)";

// The digits in front, read, and what follows them. Leading zeros and signs are no digits of ours.
struct Split {
  std::optional<std::uint64_t> number;
  std::string_view suffix;
  bool overflow = false;
};

Split split(std::string_view text) {
  Split out;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  out.suffix = text.substr(digits);
  if (digits == 0 || (digits > 1 && text[0] == '0')) return out;
  std::uint64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + digits, number);
  out.overflow = result.ec != std::errc{};
  if (!out.overflow) out.number = number;
  return out;
}

std::optional<std::uint64_t> scaled(const Split& split, std::span<const Scale> scales) {
  for (const Scale& scale : scales) {
    if (scale.suffix != split.suffix) continue;
    if (*split.number > std::numeric_limits<std::uint64_t>::max() / scale.factor) return std::nullopt;
    return *split.number * scale.factor;
  }
  return std::nullopt;
}

bool known(std::string_view suffix, std::span<const Scale> scales) {
  return std::any_of(scales.begin(), scales.end(), [&](const Scale& scale) { return scale.suffix == suffix; });
}

Measured measure_size(const Split& parts) {
  if (parts.number && parts.suffix.empty()) return {parts.number, {}};
  if (parts.suffix == "KB" || parts.suffix == "MB" || parts.suffix == "GB" || parts.suffix == "TB") {
    return {std::nullopt, fmt::format("{}: {} is ambiguous, write {}iB", kSizeForm, parts.suffix, parts.suffix.front())};
  }
  if (!parts.number || !known(parts.suffix, kSizes)) return {std::nullopt, std::string(kSizeForm)};
  const auto value = scaled(parts, kSizes);
  return {value, value ? "" : "is too large"};
}

Measured measure_time(const Split& parts, Unit unit) {
  if (!parts.number || !known(parts.suffix, kTimes)) return {std::nullopt, std::string(kTimeForm)};
  const auto value = scaled(parts, kTimes);
  if (!value) return {std::nullopt, "is too large"};
  if (unit == Unit::ms) return {value, {}};
  if (*value % 1000 != 0) return {std::nullopt, "must be whole seconds"};
  return {*value / 1000, {}};
}

}  // namespace

std::string written(std::uint64_t value, Unit unit) {
  if (unit == Unit::count) return fmt::format("{}", value);
  if (unit == Unit::s) value *= 1000;
  const auto& scales = unit == Unit::bytes ? kSizes : kTimes;
  for (const Scale& scale : scales) {
    if (value != 0 && value % scale.factor == 0) return fmt::format("{}{}", value / scale.factor, scale.suffix);
  }
  return fmt::format("0{}", scales.back().suffix);
}

Measured measure(std::string_view text, Unit unit) {
  const Split parts = split(text);
  if (parts.overflow) return {std::nullopt, "is too large"};
  if (unit == Unit::bytes) return measure_size(parts);
  if (unit != Unit::count) return measure_time(parts, unit);
  if (!parts.number || !parts.suffix.empty()) return {std::nullopt, "must be a whole number"};
  return {parts.number, {}};
}

void Fields::time(const Key& key, seconds least, seconds most, seconds& out) {
  auto value = static_cast<std::uint64_t>(out.count());
  const Range range{static_cast<std::uint64_t>(least.count()), static_cast<std::uint64_t>(most.count()), Unit::s};
  if (number(key, range, value)) out = seconds(value);
}

void Fields::time(const Key& key, milliseconds least, milliseconds most, milliseconds& out) {
  auto value = static_cast<std::uint64_t>(out.count());
  const Range range{static_cast<std::uint64_t>(least.count()), static_cast<std::uint64_t>(most.count()), Unit::ms};
  if (number(key, range, value)) out = milliseconds(value);
}

}  // namespace durward::config
