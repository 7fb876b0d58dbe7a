#include "quotas/demand.hpp"

namespace durward::quotas {
namespace {

constexpr std::int64_t kTenYears = std::int64_t{3'650} * 86'400 * 1'000'000;

}  // namespace

std::optional<Rate> Rate::make(std::int64_t count, microseconds period, std::int64_t burst, std::int64_t cost) {
  const auto limit = Limit::make(count, period.count(), burst);
  if (!limit || cost < 1 || limit->interval_ns() > kTenYears / burst) return std::nullopt;
  return Rate(*limit, cost);
}

}  // namespace durward::quotas
