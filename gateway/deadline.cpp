#include "gateway/deadline.hpp"

namespace durward::gateway {

namespace {
constexpr Clock::time_point kNever = Clock::time_point::max();
}

void Deadlines::start() { tick(); }

void Deadlines::stop() {
  stopped_ = true;
  timer_.cancel();
}

void Deadlines::tick() {
  now_ = Clock::now();
  for (auto item = items_.begin(); item != items_.end();) {
    auto here = item++;
    if (here->due > now_) continue;
    here->due = kNever;
    here->expire();
  }
  if (stopped_) return;
  timer_.expires_at(now_ + kTick);
  timer_.async_wait([this, alive = std::weak_ptr<const bool>(alive_)](error_code ec) {
    if (!ec && !alive.expired()) tick();
  });
}

Deadline::Deadline(Deadlines& all, std::function<void()> expire) : all_(all) {
  auto fire = [this, expire = std::move(expire)] {
    expired_ = true;
    expire();
  };
  item_ = all_.items_.insert(all_.items_.end(), Deadlines::Item{kNever, std::move(fire)});
}

Deadline::~Deadline() { all_.items_.erase(item_); }

void Deadline::arm(Clock::duration budget) { arm_at(Clock::now() + budget); }

void Deadline::arm_at(Clock::time_point due) {
  item_->due = due;
  expired_ = false;
}

void Deadline::disarm() { item_->due = kNever; }

}  // namespace durward::gateway
