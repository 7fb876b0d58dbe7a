#pragma once
#include <cstddef>
#include <cstdint>

namespace durward::schema {

/// Why an answer could not be reached. What the caller sent is then neither valid nor invalid, and must be refused.
enum class Stop : std::uint8_t {
  none,
  work,      // more steps than Limits::work
  nesting,   // deeper than Limits::nesting
  exponent,  // a number like 1e9999999999, which no keyword here can weigh
};

/// What one validation may cost, in counted steps and levels and not in time: the verdict is the same on a busy machine. A
/// step is about 20 ns of work. Once it has stopped nothing counts any more, and whatever a check then answers is void.
class Budget {
 public:
  Budget(std::uint64_t work, std::size_t nesting) : work_(work), nesting_(nesting) {}

  /// False from the step on that there is no work left for.
  bool take(std::uint64_t steps) {
    if (steps <= work_) {
      work_ -= steps;
      return stop_ == Stop::none;
    }
    stop(Stop::work);
    return false;
  }
  void stop(Stop why) {
    if (stop_ == Stop::none) stop_ = why;
    work_ = 0;
  }
  Stop stopped() const { return stop_; }
  std::uint64_t left() const { return work_; }

 private:
  friend class Level;
  std::uint64_t work_;
  std::size_t nesting_;
  Stop stop_ = Stop::none;
};

/// One level of recursion while it lives; false if there is none left.
class Level {
 public:
  explicit Level(Budget& budget) : budget_(budget), held_(budget.nesting_ > 0) {
    if (held_) {
      --budget_.nesting_;
    } else {
      budget_.stop(Stop::nesting);
    }
  }
  ~Level() {
    if (held_) ++budget_.nesting_;
  }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;
  explicit operator bool() const { return held_; }

 private:
  Budget& budget_;
  bool held_;
};

}  // namespace durward::schema
