#include "quotas/gcra.hpp"

#include <algorithm>
#include <stdexcept>

namespace durward::quotas {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kLongest = std::int64_t{3'650} * 86'400 * kSecond;
constexpr std::int64_t kMostPerPeriod = 1'000'000;

Limit constant(std::int64_t count, std::int64_t period_ns) {
  const auto limit = count <= kMostPerPeriod ? Limit::make(count, period_ns, count) : std::nullopt;
  if (!limit) throw std::invalid_argument("a rate outside 1 to 1,000,000");
  return *limit;
}

}  // namespace

std::optional<Limit> Limit::make(std::int64_t count, std::int64_t period_ns, std::int64_t burst) {
  if (count < 1 || period_ns < 1 || burst < 1) return std::nullopt;
  const std::int64_t interval = period_ns / count + (period_ns % count == 0 ? 0 : 1);
  if (interval > kLongest / burst) return std::nullopt;
  return Limit(interval, burst);
}

Limit Limit::per_second(std::int64_t count) { return constant(count, kSecond); }
Limit Limit::per_minute(std::int64_t count) { return constant(count, 60 * kSecond); }

Verdict judge(const Limit& limit, Cell cell, std::int64_t cost, std::int64_t now_ns) {
  const std::int64_t whole = limit.burst() * limit.interval_ns();
  const std::int64_t full_at = std::max(cell, now_ns);
  Verdict out;
  out.next = cell;
  out.left = std::max<std::int64_t>((whole - (full_at - now_ns)) / limit.interval_ns(), 0);
  out.retry_after_ns = kNever;
  if (cost < 0 || cost > limit.burst()) return out;
  const std::int64_t after = full_at + cost * limit.interval_ns();
  out.retry_after_ns = std::max<std::int64_t>(after - whole - now_ns, 0);
  if (out.retry_after_ns > 0) return out;
  out.passes = true;
  out.left -= cost;
  if (cost > 0) out.next = after;
  return out;
}

}  // namespace durward::quotas
