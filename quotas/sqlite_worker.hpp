#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "quotas/clock.hpp"
#include "quotas/meter.hpp"
#include "quotas/sqlite_batch.hpp"

namespace durward::quotas {

/// One operation under way: run on the worker's thread, answered once its batch is on disk, or when its deadline comes first.
class Job {
 public:
  virtual ~Job() = default;
  virtual void run(SqliteBatch& batch, std::int64_t now_ms) = 0;
  virtual void answer() = 0;
  virtual void fail(Fault fault) = 0;
  bool told() const { return told_; }
  std::chrono::steady_clock::time_point deadline;

 protected:
  bool tell() { return !told_.exchange(true); }  // true for the first

 private:
  std::atomic<bool> told_ = false;
};

/// The thread that SQLite is used on, with group commit: what waits while one transaction is written goes into the next. A
/// second thread watches deadlines, since the first may hang in a write.
class SqliteWorker {
 public:
  /// flush: budgets to be written, called every second and at the end; unflushed: they could not be.
  using Budgets = std::vector<LocalQuotas::Budgeted>;
  struct Duties {
    std::function<Budgets()> budgets;
    std::function<void(const Budgets&)> unwritten;
  };
  SqliteWorker(SqliteTables tables, Duties duties, Clock clock, std::chrono::milliseconds deadline);
  ~SqliteWorker() { close(); }

  /// Takes a job, or fails it at once.
  void put(std::shared_ptr<Job> job);
  void close();
  /// False: it hangs, or is broken.
  bool reachable() const { return !stuck_ && !broken_; }
  std::uint64_t waiting() const { return waiting_; }
  ClaimsInMemory& claims() { return claims_; }  // for jobs only

 private:
  using Jobs = std::vector<std::shared_ptr<Job>>;
  void work();
  void watch();
  std::optional<Jobs> next();
  void run(const Jobs& jobs);
  void rest();
  std::optional<Fault> commit(SqliteBatch& batch, const Budgets& budgets, bool purge);
  Fault broken_fault() const {
    return {Fault::Kind::unavailable, "state.db failed and is not used until the next start: " + why_};
  }

  SqliteTables tables_;
  const Duties duties_;
  const Clock clock_;
  const std::chrono::milliseconds deadline_;
  ClaimsInMemory claims_;
  std::string why_;  // it is broken: written before broken_ is set
  std::atomic<bool> stuck_ = false, broken_ = false;
  std::atomic<std::uint64_t> waiting_ = 0;
  std::chrono::steady_clock::time_point flush_, purge_;  // when next

  std::mutex mutex_;  // of all below
  std::condition_variable work_, watch_;
  std::deque<std::shared_ptr<Job>> queue_;
  std::deque<std::shared_ptr<Job>> watched_;  // by deadline
  bool closing_ = false;
  bool busy_ = false;  // the worker is at a batch
  std::mutex closing_mutex_;
  std::thread worker_, watcher_;
};

}  // namespace durward::quotas
