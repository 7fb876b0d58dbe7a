#include "audit/ledger.hpp"

#include <pthread.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <string_view>
#include <thread>

#include "audit/chain.hpp"
#include "tests/audit/support.hpp"

namespace durward::audit {
namespace {

using namespace test;

/// The records of a folder, each checked in its chain; throws where one does not hold.
std::vector<std::string> records(const std::string& dir) {
  std::vector<std::string> out;
  std::istringstream in(log_of(dir));
  Chain chain(key().public_key());
  LineReader reader;
  for (std::string text; std::getline(in, text);) {
    const auto line = reader.read(text);
    if (!line) throw std::runtime_error(line.error());
    if (const auto fault = chain.feed(*line)) throw std::runtime_error(fault->reason);
    out.push_back(text);
  }
  if (!chain.whole()) throw std::runtime_error("torn");
  return out;
}

std::size_t count(const std::vector<std::string>& lines, const std::string& needle) {
  return static_cast<std::size_t>(std::count_if(
      lines.begin(), lines.end(), [&](const std::string& line) { return line.find(needle) != std::string::npos; }));
}

/// Waits until the condition holds, for ten seconds at most.
template <class Condition>
bool soon(const Condition& holds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!holds() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  return holds();
}

TEST_CASE("a ledger that is opened and closed holds boot and shutdown and verifies") {
  const Folder folder;
  const Machine machine;
  must_open(settings(folder.path()), machine)->close();
  const auto lines = records(folder.path());
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("\"facts\":{\"deadline_ms\":1000,\"gateway_version\":\"1.2.3\"}") != std::string::npos);
  CHECK(lines[0].find("\"type\":\"boot\"") != std::string::npos);
  CHECK(lines[1].find("\"type\":\"shutdown\"") != std::string::npos);
}

TEST_CASE("a record of each durability class is told once and stands in the log") {
  const Folder folder;
  const Machine machine;
  auto ledger = must_open(settings(folder.path()), machine);
  for (Durability durability : {Durability::synced, Durability::written, Durability::buffered})
    CHECK(append(*ledger, call(), durability));
  ledger->close();
  CHECK(count(records(folder.path()), "\"tool\":\"echo\"") == 3);
}

TEST_CASE("a written record is in the file when done is told") {
  const Folder folder;
  const Machine machine;
  auto ledger = must_open(settings(folder.path()), machine);
  Record record = call();
  const std::string id = record.id;
  REQUIRE(append(*ledger, std::move(record), Durability::written));
  CHECK(log_of(folder.path()).find(id) != std::string::npos);
}

TEST_CASE("a second gateway cannot open the same ledger") {
  const Folder folder;
  const Machine machine;
  auto first = must_open(settings(folder.path()), machine);
  const auto second = Ledger::open(settings(folder.path()), key(), ring(), boot(), machine.platform);
  REQUIRE_FALSE(second);
  CHECK(second.error().find("another gateway") != std::string::npos);
  first->close();
  CHECK(Ledger::open(settings(folder.path()), key(), ring(), boot(), machine.platform));
}

TEST_CASE("a restart goes on with the same chain") {
  const Folder folder;
  const Machine machine;
  for (int i = 0; i < 3; ++i) CHECK(append(*must_open(settings(folder.path()), machine), call(), Durability::synced));
  CHECK(records(folder.path()).size() == 9);
  CHECK(list_segments(folder.path()).size() == 1);
}

TEST_CASE("a restart without state.json goes on from the log alone") {
  const Folder folder;
  const Machine machine;
  CHECK(append(*must_open(settings(folder.path()), machine), call(), Durability::synced));
  REQUIRE(fs::remove(folder.path("state.json")));
  CHECK(append(*must_open(settings(folder.path()), machine), call(), Durability::synced));
  CHECK(records(folder.path()).size() == 6);
}

TEST_CASE("appenders on many threads lose nothing, and each of them finds his records in his order") {
  const Folder folder;
  const Machine machine;
  constexpr int kThreads = 4, kEach = 500;
  std::atomic<int> told{0};
  {
    auto ledger = must_open(settings(folder.path()), machine);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          Record record = call();
          record.tool = "t" + std::to_string(t) + "-" + std::to_string(1000 + i);
          const bool reserved = i % 2 == 0 && ledger->reserve();
          ledger->append(std::move(record), i % 7 == 0 ? Durability::synced : Durability::written, reserved,
                         [&told](policy::Outcome<void> outcome) { told += outcome ? 1 : 1000000; });
        }
      });
    }
    for (auto& thread : threads) thread.join();
  }
  CHECK(told == kThreads * kEach);
  const auto lines = records(folder.path());
  CHECK(lines.size() == kThreads * kEach + 2);
  for (int t = 0; t < kThreads; ++t) {
    std::string last;
    for (const std::string& line : lines) {
      const auto at = line.find("\"tool\":\"t" + std::to_string(t) + "-");
      if (at == std::string::npos) continue;
      const std::string tool = line.substr(at, 18);
      CHECK(last < tool);
      last = tool;
    }
  }
}

TEST_CASE("the queue has a limit, and reserved places count") {
  const Folder folder;
  const Machine machine;
  config::Ledger small = settings(folder.path());
  small.queue = 3;
  auto ledger = must_open(small, machine);
  CHECK(ledger->reserve());
  CHECK(ledger->reserve());
  CHECK(ledger->reserve());
  CHECK_FALSE(ledger->healthy());
  CHECK_FALSE(ledger->reserve());
  bool told = false;
  ledger->append(call(), Durability::written, false, [&](policy::Outcome<void> outcome) {
    told = true;
    CHECK(outcome.error().reason == policy::Reason::ledger_unavailable);
  });
  CHECK(told);
  ledger->release();
  CHECK(ledger->healthy());
  CHECK(append(*ledger, call(), Durability::written));
  ledger->release();
  ledger->release();
}

TEST_CASE("a new day and a full segment each begin a new file") {
  const Folder folder;
  const Machine machine;
  config::Ledger small = settings(folder.path());
  small.segment.count = 4096;
  {
    auto ledger = must_open(small, machine);
    for (int i = 0; i < 10; ++i) CHECK(append(*ledger, call(), Durability::written));
    *machine.now += 86400000;
    CHECK(append(*ledger, call(), Durability::written));
    *machine.now -= 86400000;  // a clock that goes back stays in the later day
    CHECK(append(*ledger, call(), Durability::written));
  }
  const auto segments = list_segments(folder.path());
  CHECK(segments.front() == "ledger-2026-03-01.000.ndjson");
  CHECK(segments.back() == "ledger-2026-03-02.000.ndjson");
  CHECK(segments.size() >= 3);
  for (const std::string& segment : segments) CHECK(fs::file_size(folder.path(segment)) <= 4096);
  CHECK(records(folder.path()).size() == 14);
}

TEST_CASE("after a write error nothing is accepted any more") {
  const Folder folder;
  Machine machine;
  auto broken = std::make_shared<std::atomic<bool>>(false);
  machine.platform.write = [broken](int fd, const void* bytes, std::size_t size) -> ssize_t {
    if (!*broken) return ::write(fd, bytes, size);
    errno = ENOSPC;
    return -1;
  };
  auto ledger = must_open(settings(folder.path()), machine);
  *broken = true;
  CHECK_FALSE(append(*ledger, call(), Durability::written));
  *broken = false;
  CHECK_FALSE(ledger->healthy());
  CHECK_FALSE(ledger->reserve());
  CHECK_FALSE(append(*ledger, call(), Durability::written));
  CHECK_FALSE(append(*ledger, call(), Durability::synced));
  ledger->close();
  CHECK(records(folder.path()).size() == 1);
}

TEST_CASE("after an fsync error nothing is accepted any more") {
  const Folder folder;
  Machine machine;
  auto broken = std::make_shared<std::atomic<bool>>(false);
  machine.platform.sync = [broken](int fd) { return *broken ? -1 : ::fdatasync(fd); };
  auto ledger = must_open(settings(folder.path()), machine);
  *broken = true;
  CHECK_FALSE(append(*ledger, call(), Durability::synced));
  *broken = false;
  CHECK_FALSE(ledger->healthy());
  CHECK_FALSE(append(*ledger, call(), Durability::written));
}

/// A disk that answers only when the test lets it.
struct StuckDisk {
  std::shared_ptr<std::promise<void>> go = std::make_shared<std::promise<void>>();
  std::shared_ptr<std::atomic<bool>> stuck = std::make_shared<std::atomic<bool>>(false);
  explicit StuckDisk(Machine& machine) {
    machine.platform.sync = [wait = go->get_future().share(), flag = stuck](int fd) {
      if (*flag) wait.wait();
      return ::fdatasync(fd);
    };
  }
  void release() {
    *stuck = false;
    go->set_value();
  }
};

TEST_CASE("nothing durable within the deadline refuses, and a disk that comes back heals") {
  const Folder folder;
  Machine machine;
  StuckDisk disk(machine);
  config::Ledger quick = settings(folder.path());
  quick.deadline = std::chrono::milliseconds(200);
  auto ledger = must_open(quick, machine);
  *disk.stuck = true;
  Record intent = call();
  intent.type = Type::intent;
  const std::string id = intent.id;
  CHECK_FALSE(append(*ledger, intent, Durability::synced));
  CHECK_FALSE(ledger->healthy());
  CHECK_FALSE(ledger->reserve());
  Record refused = call();
  refused.type = Type::intent;
  CHECK_FALSE(append(*ledger, refused, Durability::synced));
  disk.release();
  while (!ledger->healthy()) std::this_thread::yield();
  CHECK(append(*ledger, call(), Durability::synced));
  ledger->close();
  // The first intent was in the log already: it was closed as one for which nothing left. The second never came in.
  const auto lines = records(folder.path());
  CHECK(count(lines, id) == 2);
  CHECK(count(lines, refused.id) == 0);
  CHECK(count(lines, "\"effect\":\"none\",\"facts\":{\"reason\":\"ledger_unavailable\"},\"id\":\"" + id) == 1);
}

TEST_CASE("a keyring without a commitment key for callers without tenant opens no ledger") {
  const Folder folder;
  const auto opened = Ledger::open(settings(folder.path()), key(), Keyring{}, boot());
  REQUIRE_FALSE(opened);
  CHECK(opened.error().find("tenant") != std::string::npos);
}

TEST_CASE("the origin is fixed by the first opening") {
  const Folder folder;
  const Machine machine;
  CHECK(must_open(settings(folder.path()), machine)->origin() == "example.test/ledger");
  config::Ledger other = settings(folder.path());
  other.origin = "example.test/other";
  CHECK_FALSE(Ledger::open(other, key(), ring(), boot(), machine.platform));
  other.origin.clear();
  CHECK(must_open(other, machine)->origin() == "example.test/ledger");
  other.origin = "durward-x";
  CHECK_FALSE(Ledger::open(other, key(), ring(), boot(), machine.platform));
}

TEST_CASE("a short queue is written before it is full, though nobody waits for its records") {
  const Folder folder;
  const Machine machine;
  config::Ledger few = settings(folder.path());
  few.queue = 8;
  auto ledger = must_open(few, machine);
  for (int i = 0; i < 200; ++i) {
    // One record at a time, as one caller makes them: each place is asked for when the one before has been given back or kept.
    bool placed = ledger->reserve();
    for (const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
         !placed && std::chrono::steady_clock::now() < until; placed = ledger->reserve())
      std::this_thread::yield();
    REQUIRE(placed);
    ledger->append(call(), Durability::buffered, true, {});
  }
  ledger->close();
  CHECK(ledger->numbers().records >= 200);
}

TEST_CASE("a waiter ends the wait for records that nobody waits for, though others may still come") {
  const Folder folder;
  Machine machine;
  // The writer takes every record for one of an hour ahead, so that its wait for company lasts an hour, until it catches up.
  auto waits = std::make_shared<std::atomic<int>>(0);
  auto caught_up = std::make_shared<std::atomic<bool>>(false);
  machine.platform.steady = [waits, caught_up] {
    std::array<char, 16> name{};
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
    if (std::string_view(name.data()) == "ledger-writer") ++*waits;
    const bool behind = std::string_view(name.data()) == "ledger-writer" && !*caught_up;
    return std::chrono::steady_clock::now() + std::chrono::hours(behind ? 0 : 1);
  };
  std::promise<bool> told;
  auto answer = told.get_future();
  auto ledger = must_open(settings(folder.path()), machine);
  REQUIRE(ledger->reserve());  // somebody is still to come, whom a waiter would wait for a moment
  const int before = *waits;
  ledger->append(call(), Durability::buffered, false, {});
  REQUIRE(soon(
      [&] { return *waits > before; }));  // it asked for the time with the lock held: what is appended now finds it waiting
  *caught_up = true;
  ledger->append(call(), Durability::written, false, [&](policy::Outcome<void> outcome) { told.set_value(bool(outcome)); });
  CHECK(answer.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  ledger->close();
  CHECK(answer.get());
  ledger->release();
}

TEST_CASE("the sizes of batches are counted: what comes while one is written is the next") {
  const Folder folder;
  Machine machine;
  auto held = std::make_shared<std::atomic<bool>>(false), writing = std::make_shared<std::atomic<bool>>(false);
  machine.platform.write = [held, writing](int fd, const void* bytes, std::size_t size) {
    *writing = held->load();
    while (*held) std::this_thread::yield();
    return ::write(fd, bytes, size);
  };
  std::atomic<int> told{0};
  auto ledger = must_open(settings(folder.path()), machine);
  const auto tell = [&told](const policy::Outcome<void>&) { ++told; };
  *held = true;
  ledger->append(call(), Durability::written, false, tell);
  const bool begun = soon([&] { return writing->load(); });
  for (int i = 0; i < 5; ++i) ledger->append(call(), Durability::written, false, tell);
  *held = false;
  REQUIRE(begun);
  REQUIRE(soon([&] { return told == 6; }));
  const BatchSizes sizes = ledger->numbers().batches;
  CHECK(sizes.records == 7);
  CHECK(sizes.count() == 3);
  CHECK(sizes.buckets[0] == 2);  // boot, the first call
  CHECK(sizes.buckets[3] == 1);  // five: up to 8
}

TEST_CASE("batches up to a bound are in its bucket, and larger ones behind the last") {
  BatchSizes sizes;
  for (const std::size_t size : {1, 2, 3, 4, 5, 2048, 2049, 4096}) sizes.add(size);
  CHECK(sizes.buckets == std::array<std::uint64_t, 13>{1, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2});
  CHECK(sizes.count() == 8);
  CHECK(sizes.records == 1 + 2 + 3 + 4 + 5 + 2048 + 2049 + 4096);
}

TEST_CASE("a commitment names its tenant's newest keyring entry and depends on tenant, label and bytes") {
  const Folder folder;
  const Machine machine;
  Keyring keyring = ring();
  keyring.add_tenant("acme", "2026-03-01T00:00:00Z");
  auto ledger = must_open(settings(folder.path()), machine, keyring);
  const std::string one = ledger->commit("", "args", "{}", false);
  CHECK(one.rfind("hmac:" + keyring.commit[""][0].id + ":", 0) == 0);
  CHECK(one == ledger->commit("stranger", "args", "{}", false));
  CHECK(one != ledger->commit("acme", "args", "{}", false));
  CHECK(one != ledger->commit("", "name", "{}", false));
  CHECK(one != ledger->commit("", "args", "{ }", false));
  CHECK(ledger->commit("acme", "result", "{}", true).rfind("hmac-raw:" + keyring.commit["acme"][0].id + ":", 0) == 0);
}

TEST_CASE("refusals before authentication beyond the budget share one record with the busiest addresses") {
  const Folder folder;
  const Machine machine;
  config::Ledger few = settings(folder.path());
  few.anonymous_refusals_per_second = 2;
  Keyring keyring = ring();
  auto ledger = must_open(few, machine, keyring);
  Record refusal = call();
  refusal.type = Type::refusal;
  refusal.reason = "unauthenticated";
  for (int i = 0; i < 100; ++i) {
    refusal.id = new_ulid(kNoon);
    ledger->refuse_anonymous(refusal, i % 10 == 0 ? "192.0.2.1" : "192.0.2." + std::to_string(2 + i % 3));
    if (i == 50) *machine.now += 999;  // still the same second
  }
  const std::string busy = Committer(keyring.commit[""][0]).commit("address", "\"192.0.2.2\"", false);
  ledger->close();
  const auto lines = records(folder.path());
  CHECK(count(lines, "\"type\":\"refusal\"") == 3);
  CHECK(count(lines, "\"count\":98") == 1);
  CHECK(count(lines,
              "\"first\":\"2026-03-01T12:00:00.000Z\",\"last\":\"2026-03-01T12:00:00.999Z\",\"reasons\":{\"unauthenticated\":"
              "98}") == 1);
  CHECK(count(lines, busy) >= 1);
  CHECK(count(lines, "192.0.2") == 0);
}

TEST_CASE("refusals before authentication never use the reserve of free space") {
  const Folder folder;
  Machine machine;
  auto free = std::make_shared<std::atomic<std::uint64_t>>(10);
  machine.platform.space = [free](int) { return Platform::Space{*free, 1000}; };
  auto ledger = must_open(settings(folder.path()), machine);
  Record refusal = call();
  refusal.type = Type::refusal;
  ledger->refuse_anonymous(refusal, "192.0.2.1");
  *machine.now += 5000;
  ledger->refuse_anonymous(refusal, "192.0.2.1");
  CHECK(append(*ledger, call(), Durability::written));
  CHECK(log_of(folder.path()).find("\"type\":\"refusal\"") == std::string::npos);
  *free = 500;
  *machine.now += 5000;
  ledger->close();
  CHECK(count(records(folder.path()), "\"count\":2") == 1);
}

TEST_CASE("each principal has a refusal budget of his own, and is told beyond it too") {
  const Folder folder;
  const Machine machine;
  config::Ledger few = settings(folder.path());
  few.refusals_per_second = 5;
  auto ledger = must_open(few, machine);
  std::atomic<int> told{0};
  const auto refuse = [&](const std::string& who) {
    Record refusal = call();
    refusal.type = Type::refusal;
    refusal.sub = who;
    refusal.reason = "denied";
    ledger->refuse(refusal, who, Durability::written, [&](policy::Outcome<void> outcome) { told += outcome ? 1 : 1000; });
  };
  for (int i = 0; i < 20; ++i) refuse("alice");
  refuse("bob");
  ledger->close();
  CHECK(told == 21);
  const auto lines = records(folder.path());
  CHECK(count(lines, "\"sub\":\"alice\"") == 6);
  CHECK(count(lines, "\"sub\":\"bob\"") == 1);
  CHECK(count(lines, "\"count\":15") == 1);
}

}  // namespace
}  // namespace durward::audit
