#pragma once
#include <cstdint>
#include <optional>

/// The generic cell rate algorithm in integers: one number per key says all. Pure: time is an argument, in nanoseconds of any
/// clock that does not go back.
namespace durward::quotas {

/// So many units a period, of which `burst` may come at once. In any window of length W at most burst + W·count/period units
/// pass.
class Limit {
 public:
  /// Absent if it cannot be kept exactly: count, period_ns or burst below 1, or burst·period/count above 10 years. The interval
  /// between two units is rounded up to whole nanoseconds: never more than the rate.
  static std::optional<Limit> make(std::int64_t count, std::int64_t period_ns, std::int64_t burst);
  /// count a second, or a minute, all of which may come at once. Of constants: outside 1 to 1,000,000 it throws.
  static Limit per_second(std::int64_t count);
  static Limit per_minute(std::int64_t count);

  std::int64_t interval_ns() const { return interval_; }
  std::int64_t burst() const { return burst_; }

 private:
  Limit(std::int64_t interval, std::int64_t burst) : interval_(interval), burst_(burst) {}
  std::int64_t interval_;
  std::int64_t burst_;
};

/// The state of one key: the time at which its bucket is full again. One that lies in the past is as good as none.
using Cell = std::int64_t;
inline constexpr Cell kIdle = INT64_MIN;

struct Verdict {
  bool passes = false;
  std::int64_t left = 0;            // units that would pass right after this
  std::int64_t retry_after_ns = 0;  // of a refusal: when the same cost would pass; kNever if it exceeds the burst
  Cell next = kIdle;                // the state to keep if it passes; else unchanged
};
inline constexpr std::int64_t kNever = INT64_MAX;

/// Whether cost units (0 to burst; 0 asks only) may pass at now_ns. Changes nothing: who takes them keeps Verdict::next.
/// now_ns lies within ±100 years of the clock's zero; a cost below 0 never passes.
Verdict judge(const Limit& limit, Cell cell, std::int64_t cost, std::int64_t now_ns);

}  // namespace durward::quotas
