#pragma once
#include <functional>
#include <list>
#include <memory>

#include "gateway/asio.hpp"

namespace durward::gateway {

/// All deadlines of one loop, checked by one coarse tick instead of a timer for each read. Late by at most kTick, never early.
/// Used on its loop's thread only.
class Deadlines {
 public:
  static constexpr std::chrono::milliseconds kTick{50};
  explicit Deadlines(Executor executor) : timer_(executor) {}
  void start();
  void stop();
  Clock::time_point now() const { return now_; }

 private:
  friend class Deadline;
  struct Item {
    Clock::time_point due;
    std::function<void()> expire;
  };
  void tick();
  Timer timer_;
  std::list<Item> items_;
  Clock::time_point now_ = Clock::now();
  bool stopped_ = false;
  // A tick that is already on its way when this goes must find that out.
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

/// One thing that must end in time, typically by closing a socket, so that whoever waits on it wakes with an error.
class Deadline {
 public:
  /// expire runs on the loop, at most once for each arm(). It must not destroy this object.
  Deadline(Deadlines& all, std::function<void()> expire);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  void arm(Clock::duration budget);
  void arm_at(Clock::time_point due);
  void disarm();
  bool expired() const { return expired_; }

 private:
  Deadlines& all_;
  std::list<Deadlines::Item>::iterator item_;
  bool expired_ = false;
};

}  // namespace durward::gateway
