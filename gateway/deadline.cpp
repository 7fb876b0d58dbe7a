#include "gateway/deadline.hpp"

#include <algorithm>
#include <utility>

namespace durward::gateway {

void Deadlines::stop() {
  stopped_ = true;
  timer_.cancel();
}

void Deadlines::tick() {
  const Clock::time_point now = Clock::now();
  const bool more = advance(now);
  if (stopped_) return;
  timer_.expires_at(more ? now + std::chrono::milliseconds(1) : began_ + static_cast<std::int64_t>(passed_ + 1) * kTick);
  timer_.async_wait([this, alive = std::weak_ptr<const bool>(alive_)](error_code ec) {
    if (!ec && !alive.expired()) tick();
  });
}

bool Deadlines::advance(Clock::time_point now) {
  beat_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  const auto target = static_cast<std::uint64_t>(std::max(now - began_, Clock::duration::zero()) / kTick);
  unsigned expired = 0;
  for (;;) {
    while (visited_) {
      if (expired == kAtOnce) return true;
      Deadline& one = *visited_;
      one.unlink();
      if (one.due_ == Deadline::kNever) continue;
      if (one.due_ > now) {
        place(one);
        continue;
      }
      one.due_ = Deadline::kNever;
      one.expired_ = true;
      ++expired;
      one.expire_();
    }
    if (passed_ >= target) return false;
    // After a pause of more than a turn every slot is visited once.
    passed_ = std::max(passed_ + 1, target - std::min(target, kSlots));
    take(slots_[passed_ % kSlots]);
  }
}

Clock::duration Deadlines::lag(Clock::time_point now) const noexcept {
  const Clock::time_point beat{Clock::duration(beat_.load(std::memory_order_relaxed))};
  return std::max(now - beat - kTick, Clock::duration::zero());
}

// Off the wheel, before anything expires: what does may arm, disarm and destroy others, here and elsewhere.
void Deadlines::take(Deadline*& slot) {
  visited_ = std::exchange(slot, nullptr);
  if (visited_) visited_->link_ = &visited_;
}

std::uint64_t Deadlines::tick_of(Clock::time_point due) const {
  const Clock::duration after = std::max(due - began_, Clock::duration::zero());
  return static_cast<std::uint64_t>(after / kTick) + (after % kTick == Clock::duration::zero() ? 0 : 1);
}

void Deadlines::place(Deadline& one) {
  one.tick_ = std::clamp(tick_of(one.due_), passed_ + 1, passed_ + kSlots);
  Deadline*& slot = slots_[one.tick_ % kSlots];
  one.next_ = slot;
  if (slot) slot->link_ = &one.next_;
  one.link_ = &slot;
  slot = &one;
}

void Deadline::arm_at(Clock::time_point due) {
  due_ = due;
  expired_ = false;
  if (link_ && tick_ <= all_.tick_of(due)) return;  // visited in time, and placed anew then
  unlink();
  all_.place(*this);
}

void Deadline::unlink() {
  if (!link_) return;
  *link_ = next_;
  if (next_) next_->link_ = link_;
  link_ = nullptr;
}

}  // namespace durward::gateway
