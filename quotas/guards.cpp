#include "quotas/guards.hpp"

#include <utility>

namespace durward::quotas {

bool Guards::seen(const Claim& claim, std::int64_t now_ms) {
  if (claim.guard.empty()) return false;
  make_room(now_ms);
  Last& last = last_[claim.guard];
  const bool other = last.until > now_ms && last.key != claim.key;
  last = {claim.key, now_ms + claim.guard_window.count(), ++turns_};
  order_.emplace_back(last.turn, claim.guard);
  return other;
}

void Guards::make_room(std::int64_t now_ms) {
  while (!order_.empty()) {
    const auto& [turn, guard] = order_.front();
    const auto found = last_.find(guard);
    const bool current = found != last_.end() && found->second.turn == turn;
    if (current && found->second.until > now_ms && order_.size() < most_) return;
    if (current) last_.erase(found);
    order_.pop_front();
  }
}

}  // namespace durward::quotas
