#pragma once
#include <cstdint>

/// Budgets of calendar periods in integers. Pure: time is an argument, in microseconds since 1970, UTC, not before 1970.
namespace durward::quotas {

enum class Period : std::uint8_t { minute, hour, day, month };

/// The period that a time lies in: [begin, end).
struct Window {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  bool operator==(const Window&) const = default;
};
Window window_of(Period period, std::int64_t now_us);

/// What one key has spent in the period that began at `window`.
struct Spent {
  std::int64_t window = 0;
  std::int64_t amount = 0;
};

/// What of it counts in the period that began at `window`: nothing of an earlier one.
inline std::int64_t spent_in(const Spent& spent, std::int64_t window) { return spent.window == window ? spent.amount : 0; }

}  // namespace durward::quotas
