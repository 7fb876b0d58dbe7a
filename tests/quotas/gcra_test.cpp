#include "quotas/gcra.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <random>

namespace durward::quotas {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// The same rate as a bucket that fills with time: another formula, and no state in common.
class Bucket {
 public:
  Bucket(const Limit& limit, std::int64_t now)
      : interval_(limit.interval_ns()), whole_(limit.burst() * interval_), level_(whole_), last_(now) {}
  bool take(std::int64_t cost, std::int64_t now) {
    level_ = now - last_ > whole_ - level_ ? whole_ : level_ + (now - last_);
    last_ = now;
    if (cost * interval_ > level_) return false;
    level_ -= cost * interval_;
    return true;
  }
  std::int64_t left() const { return level_ / interval_; }

 private:
  std::int64_t interval_, whole_, level_, last_;
};

}  // namespace

TEST_CASE("a burst passes at once, then one unit an interval") {
  const Limit limit = Limit::per_second(5);
  Cell cell = kIdle;
  for (int i = 0; i < 5; ++i) {
    const Verdict verdict = judge(limit, cell, 1, 0);
    REQUIRE(verdict.passes);
    CHECK(verdict.left == 4 - i);
    CHECK(verdict.retry_after_ns == 0);
    cell = verdict.next;
  }
  const Verdict sixth = judge(limit, cell, 1, 0);
  CHECK_FALSE(sixth.passes);
  CHECK(sixth.left == 0);
  CHECK(sixth.next == cell);
  CHECK(sixth.retry_after_ns == kSecond / 5);
  CHECK_FALSE(judge(limit, cell, 1, kSecond / 5 - 1).passes);
  CHECK(judge(limit, cell, 1, kSecond / 5).passes);
  CHECK(judge(limit, cell, 5, kSecond).passes);
}

TEST_CASE("a cost above the burst never passes, one below zero neither, and none asks only") {
  const Limit limit = *Limit::make(10, kSecond, 3);
  CHECK_FALSE(judge(limit, kIdle, 4, 0).passes);
  CHECK(judge(limit, kIdle, 4, 0).retry_after_ns == kNever);
  CHECK_FALSE(judge(limit, kIdle, -1, 0).passes);
  CHECK(judge(limit, kIdle, -1, 0).retry_after_ns == kNever);
  const Verdict asked = judge(limit, kIdle, 0, 5);
  CHECK((asked.passes && asked.left == 3 && asked.next == kIdle));
  CHECK(judge(limit, kIdle, 3, 5).next == 5 + 3 * kSecond / 10);
}

TEST_CASE("a limit that cannot be kept exactly is none") {
  CHECK_FALSE(Limit::make(0, kSecond, 1));
  CHECK_FALSE(Limit::make(1, 0, 1));
  CHECK_FALSE(Limit::make(1, kSecond, 0));
  CHECK_FALSE(Limit::make(-1, kSecond, 1));
  CHECK_FALSE(Limit::make(1, INT64_MAX, 2));
  CHECK_FALSE(Limit::make(1, kSecond, INT64_MAX));
  CHECK(Limit::make(3, 10, 1)->interval_ns() == 4);  // never more than the rate
  CHECK(Limit::make(INT64_MAX, 1, INT64_MAX / 100)->interval_ns() == 1);
  CHECK_THROWS(Limit::per_second(0));
  CHECK_THROWS(Limit::per_minute(1'000'001));
  CHECK(Limit::per_minute(20).interval_ns() == 3 * kSecond);
}

TEST_CASE("ten million arrivals are judged as a bucket that fills with time judges them") {
  std::mt19937_64 random(4);
  std::size_t passed = 0;
  for (int round = 0; round < 200; ++round) {
    const auto limit =
        Limit::make(1 + static_cast<std::int64_t>(random() % 1000), 1 + static_cast<std::int64_t>(random() % kSecond),
                    1 + static_cast<std::int64_t>(random() % 50));
    REQUIRE(limit);
    std::int64_t now = static_cast<std::int64_t>(random() % 1'000'000'000'000) - 500'000'000'000;
    Bucket bucket(*limit, now);
    Cell cell = kIdle;
    // About as many as pass, so that both answers are frequent.
    const auto step = static_cast<std::uint64_t>(limit->interval_ns() * (1 + round % 4) + 1);
    for (int i = 0; i < 50'000; ++i) {
      now += static_cast<std::int64_t>(random() % step);
      const auto cost = static_cast<std::int64_t>(random() % 3);
      const Verdict verdict = judge(*limit, cell, cost, now);
      const bool expected = bucket.take(cost, now);
      if (verdict.passes != expected || verdict.left != bucket.left()) FAIL("round " << round << ", arrival " << i);
      // When it says that the same would pass, it does, and not before.
      if (!verdict.passes && verdict.retry_after_ns != kNever) {
        const bool then = judge(*limit, cell, cost, now + verdict.retry_after_ns).passes;
        const bool before = judge(*limit, cell, cost, now + verdict.retry_after_ns - 1).passes;
        if (!then || before) FAIL("round " << round << ", arrival " << i << ": retry after");
      }
      cell = verdict.next;
      passed += verdict.passes ? 1 : 0;
    }
  }
  CHECK((passed > 2'000'000 && passed < 9'500'000));
}

TEST_CASE("no window of any length passes more than the burst and its share of the rate") {
  std::mt19937_64 random(5);
  const Limit limit = *Limit::make(100, kSecond, 10);
  for (const std::int64_t window : {kSecond / 1000, kSecond / 100, kSecond / 7, kSecond, 3 * kSecond}) {
    std::deque<std::int64_t> times;
    Cell cell = kIdle;
    std::int64_t now = 0;
    std::size_t most = 0;
    for (int i = 0; i < 100'000; ++i) {
      const bool rush = i % 100 < 30;  // thirty at once, then a trickle
      now += rush ? 0 : static_cast<std::int64_t>(random() % (kSecond / 100));
      const Verdict verdict = judge(limit, cell, 1, now);
      cell = verdict.next;
      if (!verdict.passes) continue;
      times.push_back(now);
      while (times.front() <= now - window) times.pop_front();
      most = std::max(most, times.size());
    }
    INFO(window);
    CHECK(most <= 10 + static_cast<std::size_t>(window / limit.interval_ns()) + (window % limit.interval_ns() == 0 ? 0 : 1));
    CHECK(most >= 10);
  }
}

}  // namespace durward::quotas
