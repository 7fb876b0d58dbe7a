#include "quotas/budget.hpp"

#include <chrono>

namespace durward::quotas {
namespace {

using namespace std::chrono;

Window month_of(std::int64_t now_us) {
  const sys_time<microseconds> now{microseconds(now_us)};
  const year_month_day day(floor<days>(now));
  const auto begin = sys_days(day.year() / day.month() / 1);
  const auto end = sys_days((day.year() / day.month() + months(1)) / 1);
  return {microseconds(begin.time_since_epoch()).count(), microseconds(end.time_since_epoch()).count()};
}

Window fixed(microseconds length, std::int64_t now_us) {
  const std::int64_t begin = now_us - now_us % length.count();
  return {begin, begin + length.count()};
}

}  // namespace

Window window_of(Period period, std::int64_t now_us) {
  switch (period) {
    case Period::minute:
      return fixed(minutes(1), now_us);
    case Period::hour:
      return fixed(hours(1), now_us);
    case Period::day:
      return fixed(days(1), now_us);
    case Period::month:
      break;
  }
  return month_of(now_us);
}

}  // namespace durward::quotas
