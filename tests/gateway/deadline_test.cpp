#include "gateway/deadline.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <random>
#include <vector>

using namespace durward::gateway;
using namespace std::chrono_literals;

namespace {

/// A wheel that is turned by hand.
struct Hand {
  asio::io_context io;
  Deadlines all{io.get_executor()};
  Clock::time_point now = Clock::now();
  void pass(Clock::duration time) {
    now += time;
    while (all.advance(now)) {
    }
  }
};

}  // namespace

TEST_CASE("a deadline expires once, not before its time and about a tick after it") {
  Hand hand;
  int fired = 0;
  Deadline one(hand.all, [&fired] { ++fired; });
  one.arm_at(hand.now + 1s);
  hand.pass(999ms);
  CHECK(fired == 0);
  CHECK_FALSE(one.expired());
  hand.pass(1ms + 2 * Deadlines::kTick);
  CHECK(fired == 1);
  CHECK(one.expired());
  hand.pass(1h);
  CHECK(fired == 1);
  one.arm_at(hand.now + 1s);
  CHECK_FALSE(one.expired());
  hand.pass(2s);
  CHECK(fired == 2);
}

TEST_CASE("a deadline that is taken back, put off or brought forward keeps to what was said last") {
  Hand hand;
  std::vector<char> fired;
  Deadline back(hand.all, [&] { fired.push_back('b'); });
  Deadline off(hand.all, [&] { fired.push_back('o'); });
  Deadline forward(hand.all, [&] { fired.push_back('f'); });
  for (Deadline* each : {&back, &off, &forward}) each->arm_at(hand.now + 10s);
  back.disarm();
  off.arm_at(hand.now + 20s);
  forward.arm_at(hand.now + 1s);
  hand.pass(2s);
  CHECK(fired == std::vector<char>{'f'});
  hand.pass(17s);
  CHECK(fired == std::vector<char>{'f'});
  hand.pass(2s);
  CHECK(fired == std::vector<char>{'f', 'o'});
  back.arm_at(hand.now);
  hand.pass(2 * Deadlines::kTick);
  CHECK(fired == std::vector<char>{'f', 'o', 'b'});
}

TEST_CASE("deadlines of many turns expire in their own, after a pause of many turns, too") {
  Hand hand;
  int fired = 0;
  Deadline day(hand.all, [&fired] { ++fired; });
  day.arm_at(hand.now + 24h);
  for (int i = 0; i < 24 * 60 - 1; ++i) hand.pass(1min);
  CHECK(fired == 0);
  hand.pass(1min + 2 * Deadlines::kTick);
  CHECK(fired == 1);
  day.arm_at(hand.now + 1h);
  hand.pass(24h);  // the loop stood still
  CHECK(fired == 2);
}

TEST_CASE("what expires may arm, disarm and destroy others of the same moment") {
  Hand hand;
  int fired = 0;
  std::optional<Deadline> destroyed;
  std::optional<Deadline> disarmed;
  std::optional<Deadline> first;
  std::optional<Deadline> again;
  // Whichever comes first silences the two others.
  again.emplace(hand.all, [&] { ++fired < 3 ? again->arm_at(hand.now) : again->disarm(); });
  first.emplace(hand.all, [&] {
    disarmed->disarm();
    destroyed.reset();
  });
  destroyed.emplace(hand.all, [&] { FAIL("destroyed"); });
  disarmed.emplace(hand.all, [&] { FAIL("disarmed"); });
  destroyed->arm_at(hand.now + 1s);
  disarmed->arm_at(hand.now + 1s);
  again->arm_at(hand.now + 1s);
  first->arm_at(hand.now + 1s);  // the latest of a slot is visited first
  for (int ticks = 0; ticks < 30 && fired == 0; ++ticks) hand.pass(Deadlines::kTick);
  CHECK(fired == 1);  // armed for now, it waits for the next tick
  for (int ticks = 0; ticks < 5; ++ticks) hand.pass(Deadlines::kTick);
  CHECK(fired == 3);
}

TEST_CASE("of many that are due at once a few expire at a time, and those taken back meanwhile do not") {
  Hand hand;
  unsigned fired = 0;
  std::vector<std::unique_ptr<Deadline>> all;
  for (int i = 0; i < 100; ++i) {
    all.push_back(std::make_unique<Deadline>(hand.all, [&fired] { ++fired; }));
    all.back()->arm_at(hand.now + 1s);
  }
  hand.now += 2s;
  CHECK(hand.all.advance(hand.now));
  CHECK(fired == Deadlines::kAtOnce);
  for (auto& one : all)
    if (!one->expired()) one->arm_at(hand.now + 1s);
  while (hand.all.advance(hand.now)) {
  }
  CHECK(fired == Deadlines::kAtOnce);
  hand.now += 2s;
  unsigned before = 0;
  do {
    CHECK(fired - before <= Deadlines::kAtOnce);
    before = fired;
  } while (hand.all.advance(hand.now));
  CHECK(fired == 100);
}

TEST_CASE("a thousand deadlines, armed and taken back at random, expire just when they should") {
  Hand hand;
  std::mt19937 random(7);
  struct Watched {
    Clock::time_point due = Clock::time_point::max();
    std::optional<Deadline> deadline;
  };
  std::vector<Watched> all(1000);
  int fired = 0;
  for (Watched& each : all)
    each.deadline.emplace(hand.all, [&hand, &each, &fired] {
      ++fired;
      if (each.due > hand.now || each.due + 100ms < hand.now) FAIL("early, late, or not armed");
      each.due = Clock::time_point::max();
    });
  for (int step = 0; step < 20'000; ++step) {
    Watched& each = all[random() % all.size()];
    if (random() % 4 == 0) {
      each.due = Clock::time_point::max();
      each.deadline->disarm();
    } else {
      each.due = hand.now + std::chrono::milliseconds(random() % 120'000);
      each.deadline->arm_at(each.due);
    }
    hand.pass(std::chrono::milliseconds(random() % 50));
  }
  CHECK(fired > 100);
  for (int i = 0; i < 2500; ++i) hand.pass(50ms);
  for (const Watched& each : all) CHECK(each.due == Clock::time_point::max());
}
