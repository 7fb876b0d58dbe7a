#include "quotas/replay.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <string>
#include <thread>

namespace durward::quotas {
namespace {

constexpr ReplayCache::Seed kSeed = {4, 5, 6};
constexpr std::int64_t kNow = 1'800'000'000;
using Answer = ReplayCache::Answer;

}  // namespace

TEST_CASE("what was seen is a replay until its time is over") {
  ReplayCache cache(1000, kSeed, 0);
  CHECK(cache.insert("id", kNow + 61, kNow) == Answer::fresh);
  CHECK(cache.insert("id", kNow + 61, kNow) == Answer::replay);
  CHECK(cache.insert("other", kNow + 61, kNow) == Answer::fresh);
  CHECK(cache.insert("id", kNow + 61, kNow + 60) == Answer::replay);
  CHECK(cache.insert("id", kNow + 61, kNow + 61) == Answer::late);
}

TEST_CASE("another time to live makes no other of the same") {
  ReplayCache cache(1000, kSeed, 0);
  CHECK(cache.insert("id", kNow + 61, kNow) == Answer::fresh);
  for (std::int64_t until = kNow + 1; until <= kNow + ReplayCache::kHorizon; ++until)
    CHECK(cache.insert("id", until, kNow) == Answer::replay);
}

TEST_CASE("what is over is forgotten, and its room is free again") {
  ReplayCache cache(64, kSeed, 0);
  std::size_t kept = 0;
  for (int i = 0; i < 1000; ++i) kept += cache.insert("first " + std::to_string(i), kNow + 61, kNow) == Answer::fresh ? 1 : 0;
  CHECK(cache.size() == kept);
  CHECK(kept == 64);
  const std::int64_t later = kNow + 61 + 30;
  std::size_t again = 0;
  for (int i = 0; i < 1000; ++i)
    again += cache.insert("second " + std::to_string(i), later + 61, later) == Answer::fresh ? 1 : 0;
  CHECK(again == 64);
  CHECK(cache.size() == 64);
}

TEST_CASE("a full cache refuses what it could not remember, and still knows what it has seen") {
  ReplayCache cache(64, kSeed, 0);
  std::string seen;
  std::size_t full = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = "id " + std::to_string(i);
    const Answer answer = cache.insert(key, kNow + 61, kNow);
    if (answer == Answer::fresh) seen = key;
    full += answer == Answer::full ? 1 : 0;
  }
  CHECK(full == 1000 - 64);
  CHECK(cache.insert(seen, kNow + 61, kNow) == Answer::replay);
}

TEST_CASE("what could not be remembered, or may have been seen before the start, is late") {
  ReplayCache cache(1000, kSeed, kNow + 60);
  CHECK(cache.insert("a", kNow + 60, kNow) == Answer::late);
  CHECK(cache.insert("b", kNow + 61, kNow) == Answer::fresh);
  CHECK(cache.insert("c", kNow + 61, kNow + 61) == Answer::late);
  CHECK(cache.insert("d", kNow + ReplayCache::kHorizon, kNow) == Answer::fresh);
  CHECK(cache.insert("e", kNow + ReplayCache::kHorizon + 1, kNow) == Answer::late);
}

TEST_CASE("a clock that goes back lets nothing in twice") {
  ReplayCache cache(64, kSeed, 0);
  CHECK(cache.insert("id", kNow + 61, kNow) == Answer::fresh);
  // Far ahead everything is forgotten, in all shards.
  for (int i = 0; i < 1000; ++i) (void)cache.insert("ahead " + std::to_string(i), kNow + 10'061, kNow + 10'000);
  CHECK(cache.insert("id", kNow + 61, kNow) == Answer::late);
}

TEST_CASE("every age in turn is kept and forgotten, hundreds of seconds on end") {
  ReplayCache cache(200'000, kSeed, 0);
  for (std::int64_t second = 0; second < 900; ++second) {
    const std::int64_t now = kNow + second;
    for (int i = 0; i < 20; ++i) {
      const std::string key = std::to_string(second) + " " + std::to_string(i);
      if (cache.insert(key, now + 1 + (i * 15) % 299, now) != Answer::fresh) FAIL(key);
    }
    for (int i = 0; i < 20; ++i) {
      const std::int64_t begun = second - i * 10;
      const std::int64_t until = kNow + begun + 1 + (i * 15) % 299;
      if (begun < 0) continue;
      const Answer answer = cache.insert(std::to_string(begun) + " " + std::to_string(i), until, now);
      if (answer != (until > now ? Answer::replay : Answer::late)) FAIL(second << " " << i);
    }
  }
  CHECK(cache.size() < 20 * 340);
}

TEST_CASE("of threads that bring the same exactly one is first") {
  ReplayCache cache(100'000, kSeed, 0);
  std::atomic<int> fresh = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i)
        fresh += cache.insert("id " + std::to_string(i), kNow + 61 + i % 60, kNow + i / 100) == Answer::fresh ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(fresh == 5000);
  CHECK(cache.size() == 5000);
}

}  // namespace durward::quotas
