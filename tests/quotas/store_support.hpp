#pragma once
#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "quotas/memory_store.hpp"
#include "quotas/sqlite_store.hpp"
#include "quotas/store.hpp"
#include "redis_server.hpp"

namespace durward::quotas {

/// A long deadline: what these tests prove is not how fast the machine is.
inline constexpr std::chrono::seconds kPatience{20};

/// The answer of an operation that start begins.
template <class T>
Answer<T> wait_for(const std::function<void(Done<T>)>& start) {
  auto promise = std::make_shared<std::promise<Answer<T>>>();
  auto answer = promise->get_future();
  start([promise](Answer<T> result) { promise->set_value(std::move(result)); });
  if (answer.wait_for(std::chrono::seconds(60)) != std::future_status::ready) throw std::runtime_error("no answer");
  return answer.get();
}

/// A store as a table of plain functions. A fault fails the test.
class Plain {
 public:
  explicit Plain(Store& store) : store_(store) {}
  Taken take(std::vector<Demand> demands) {
    return must(wait_for<Taken>([&](auto done) { store_.take(std::move(demands), std::move(done)); }));
  }
  std::vector<Standing> look(std::vector<Demand> demands) {
    return must(wait_for<std::vector<Standing>>([&](auto done) { store_.look(std::move(demands), std::move(done)); }));
  }
  void settle(Receipt receipt, Settlement settlement) {
    must(wait_for<void>([&](auto done) { store_.settle(std::move(receipt), std::move(settlement), std::move(done)); }));
  }
  void reset(std::vector<std::string> keys) {
    must(wait_for<void>([&](auto done) { store_.reset(std::move(keys), std::move(done)); }));
  }
  Claimed claim(Claim claim) {
    return must(wait_for<Claimed>([&](auto done) { store_.claim(std::move(claim), std::move(done)); }));
  }
  Moved move(Move move) {
    return must(wait_for<Moved>([&](auto done) { store_.move(std::move(move), std::move(done)); }));
  }
  Moved release(const std::string& key, const std::string& token, std::uint64_t fence) {
    return must(wait_for<Moved>([&](auto done) { store_.release(key, token, fence, std::move(done)); }));
  }
  Moved resolve(Resolution resolution) {
    return must(wait_for<Moved>([&](auto done) { store_.resolve(std::move(resolution), std::move(done)); }));
  }
  std::optional<Record> find(const std::string& key) {
    return must(wait_for<std::optional<Record>>([&](auto done) { store_.find(key, std::move(done)); }));
  }

 private:
  template <class T>
  static T must(Answer<T> answer) {
    if (!answer) FAIL("a fault: " << answer.error().detail);
    return *std::move(answer);
  }
  static void must(Answer<void> answer) {
    if (!answer) FAIL("a fault: " << answer.error().detail);
  }
  Store& store_;
};

/// A folder of its own, removed at the end.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "durward-store-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = pattern;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A clock that stands until it is moved.
struct StoppedClock {
  std::shared_ptr<std::atomic<std::int64_t>> now_us = std::make_shared<std::atomic<std::int64_t>>(1'800'000'000'000'000);
  Clock clock() const {
    return [now = now_us] { return now->load(); };
  }
  void pass(std::chrono::microseconds time) { *now_us += time.count(); }
};

inline std::unique_ptr<Store> must_open(policy::Outcome<std::unique_ptr<Store>, std::string> opened) {
  if (!opened) FAIL(opened.error());
  return *std::move(opened);
}

/// A store whose other end is elsewhere is there once its connection stands.
inline void wait_until_reachable(const Store& store, bool reachable = true) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (store.health().reachable != reachable) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("the store's reachability does not change");
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

inline Demand rate(std::string key, std::int64_t count, microseconds period, std::int64_t burst, std::int64_t cost = 1) {
  return {std::move(key), *Rate::make(count, period, burst, cost)};
}
inline Demand budget(std::string key, Period period, std::int64_t allowance, std::int64_t amount) {
  return {std::move(key), Budget{period, allowance, amount}};
}
inline Demand places(std::string key, std::int64_t most, milliseconds life = std::chrono::minutes(5)) {
  return {std::move(key), Concurrency{most, life}};
}

inline Claim claim_of(std::string key, std::string token) {
  Claim out;
  out.key = std::move(key);
  out.fingerprints = {{"k1", "print"}};
  out.token = std::move(token);
  out.lease = std::chrono::minutes(2);
  out.ttl = std::chrono::hours(24);
  return out;
}
inline Move move_of(const std::string& key, const std::string& token, std::uint64_t fence, State to, std::string result = {}) {
  Move out;
  out.key = key;
  out.token = token;
  out.fence = fence;
  out.to = to;
  out.result = std::move(result);
  out.lease = std::chrono::minutes(2);
  out.ttl = std::chrono::hours(24);
  return out;
}

}  // namespace durward::quotas
