#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "gateway/asio.hpp"

namespace durward::gateway {

class Deadline;

/// All deadlines of one loop on one coarse tick instead of a timer for each read: late by about kTick, never early. A wheel of
/// slots, one a tick: a tick touches what is due, and once a turn what is armed for later than a turn. Where thousands are due
/// at once, as when slow sockets were opened together, they expire a few at a time, so that the loop's other work goes on in
/// between. Used on its loop's thread only; it outlives its deadlines.
class Deadlines {
 public:
  static constexpr std::chrono::milliseconds kTick{50};
  explicit Deadlines(Executor executor) : timer_(executor) {}
  void start() { tick(); }
  void stop();
  /// What a tick does: expires what is due by now, but no more than kAtOnce. True: more may be due. Time never goes back from
  /// one call to the next.
  bool advance(Clock::time_point now);
  static constexpr unsigned kAtOnce = 8;
  /// How much later than due the next tick is: the loop is held up by something. Any thread.
  Clock::duration lag(Clock::time_point now) const noexcept;

 private:
  friend class Deadline;
  static constexpr std::uint64_t kSlots = 1024;  // 51 s a turn
  void tick();
  void place(Deadline& one);
  void take(Deadline*& slot);
  std::uint64_t tick_of(Clock::time_point due) const;
  Timer timer_;
  const Clock::time_point began_ = Clock::now();
  std::uint64_t passed_ = 0;  // ticks since began_ whose slots have been visited
  std::array<Deadline*, kSlots> slots_{};
  Deadline* visited_ = nullptr;                                      // what was in the latest slot and has not been looked at
  std::atomic<Clock::rep> beat_{began_.time_since_epoch().count()};  // of the last tick
  bool stopped_ = false;
  // A tick that is already on its way when this goes must find that out.
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

/// One thing that must end in time, typically by closing a socket, so that whoever waits on it wakes with an error. Arming and
/// disarming allocate nothing and mostly write one time: a deadline that was put off or taken back stays in its slot, and is
/// dealt with when that is visited.
class Deadline {
 public:
  /// expire runs on the loop, at most once for each arm(). It must not destroy this object.
  Deadline(Deadlines& all, std::function<void()> expire) : all_(all), expire_(std::move(expire)) {}
  ~Deadline() { unlink(); }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  void arm(Clock::duration budget) { arm_at(Clock::now() + budget); }
  void arm_at(Clock::time_point due);
  void disarm() { due_ = kNever; }
  bool expired() const { return expired_; }

 private:
  friend class Deadlines;
  static constexpr Clock::time_point kNever = Clock::time_point::max();
  void unlink();
  Deadlines& all_;
  const std::function<void()> expire_;
  Clock::time_point due_ = kNever;
  std::uint64_t tick_ = 0;     // whose slot this is linked in
  Deadline** link_ = nullptr;  // what points here; null: not linked
  Deadline* next_ = nullptr;   // in the slot
  bool expired_ = false;
};

}  // namespace durward::gateway
