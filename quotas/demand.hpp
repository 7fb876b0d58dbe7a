#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "quotas/budget.hpp"
#include "quotas/gcra.hpp"

/// What a call asks of its limits, and what it is told. Times are in microseconds: what every store counts exactly.
namespace durward::quotas {

using std::chrono::microseconds;
using std::chrono::milliseconds;

inline constexpr std::size_t kMostDemands = 16;  // of one take
inline constexpr std::size_t kKeyBytes = 256;
/// A wait that does not end: what was asked for is more than the limit ever allows.
inline constexpr microseconds kForever = microseconds::max();

/// So many units a period, of which `burst` may come at once (GCRA; see Limit).
class Rate {
 public:
  /// Absent: count, period, burst or cost below 1, or burst·period/count above 10 years. The interval between two units is
  /// rounded up to whole microseconds: never more than the rate, and at most a million a second.
  static std::optional<Rate> make(std::int64_t count, microseconds period, std::int64_t burst, std::int64_t cost = 1);
  const Limit& limit() const { return limit_; }  // in microseconds, where Limit says nanoseconds
  std::int64_t cost() const { return cost_; }    // above the burst: never passes

 private:
  Rate(const Limit& limit, std::int64_t cost) : limit_(limit), cost_(cost) {}
  Limit limit_;
  std::int64_t cost_;
};

/// So many units (calls, bytes, millionths of a currency) in a calendar period of UTC. `amount` is spent when it is taken and
/// corrected when it is settled; what is never settled stays spent until the period ends.
struct Budget {
  Period period = Period::day;
  std::int64_t allowance = 0;  // 0 to kMostAmount
  std::int64_t amount = 1;     // 0 to kMostAmount
};

/// At most so many at once. A place is given back by settle, and falls free by itself after `life`.
struct Concurrency {
  std::int64_t most = 0;       // 0 to kMostPlaces
  milliseconds life{120'000};  // 1 ms to 30 days
};

inline constexpr std::int64_t kMostAmount = 1'000'000'000'000'000;  // 10^15: sums of eight are exact in a double
inline constexpr std::int64_t kMostPlaces = 10'000;

/// One limit that a call falls under. The key names the limit and whom it is kept for, such as "rate/per-principal/acme/u1": 1
/// to kKeyBytes bytes, any. A key belongs to one limit; rates, budgets and concurrency of one key do not disturb each other.
struct Demand {
  std::string key;
  std::variant<Rate, Budget, Concurrency> of;
};

/// How one limit stands right after a take.
struct Standing {
  bool passes = false;
  std::int64_t left = 0;        // units that would pass now
  microseconds retry_after{0};  // of one that does not pass: when the same would, if nobody else takes any and no place is
                                // given back before its time. kForever: never
  microseconds reset{0};  // until a rate's burst is whole again, a budget's period ends, the last place falls free by itself
};

/// What was taken, for settle. Data: any gateway of the same store may settle it; it is meant for nobody else to read.
struct Receipt {
  enum class Kind : std::uint8_t { rate, budget, concurrency };
  struct Held {
    std::string key;
    Kind kind = Kind::rate;
    std::int64_t amount = 0;  // of a rate: cost × interval in microseconds
    std::int64_t window = 0;  // of a budget: when its period began, Unix microseconds
    std::int64_t end = 0;     // and when it ends
  };
  std::vector<Held> held;
  std::string id;  // names the places that it holds; empty: none

  bool empty() const { return held.empty(); }
};

struct Taken {
  bool passes = false;         // all of them
  std::vector<Standing> each;  // in the order of the demands
  Receipt receipt;             // empty unless all pass
};

/// How a call that passed has ended.
struct Settlement {
  struct Actual {
    std::string key;          // of a budget on the receipt; others are ignored
    std::int64_t amount = 0;  // 0 to kMostAmount; may be more than what was taken, and then exceed the allowance
  };
  std::vector<Actual> actual;  // budgets that are not named keep what was taken
  bool refund = false;         // nothing went out: rates and budgets get back what they gave, and `actual` is ignored
};

}  // namespace durward::quotas
