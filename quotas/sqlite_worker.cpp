#include "quotas/sqlite_worker.hpp"

namespace durward::quotas {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kBatch = 256;  // jobs of one transaction
constexpr std::chrono::seconds kFlush{1};
constexpr std::chrono::seconds kPurge{5};

}  // namespace

SqliteWorker::SqliteWorker(SqliteTables tables, Duties duties, Clock clock, std::chrono::milliseconds deadline)
    : tables_(std::move(tables)), duties_(std::move(duties)), clock_(std::move(clock)), deadline_(deadline) {
  flush_ = Steady::now() + kFlush;
  purge_ = Steady::now();
  worker_ = std::thread([this] { work(); });
  watcher_ = std::thread([this] { watch(); });
}

void SqliteWorker::put(std::shared_ptr<Job> job) {
  if (broken_) return job->fail(broken_fault());
  if (stuck_) return job->fail({Fault::Kind::unavailable, "state.db does not answer"});
  job->deadline = Steady::now() + deadline_;
  {
    const std::lock_guard lock(mutex_);
    if (!closing_) {
      ++waiting_;
      if (watched_.empty()) watch_.notify_one();
      watched_.push_back(job);
      queue_.push_back(std::move(job));
      if (queue_.size() == 1) work_.notify_one();
      return;
    }
  }
  job->fail(closed());
}

void SqliteWorker::close() {
  const std::lock_guard once(closing_mutex_);
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  work_.notify_one();
  watch_.notify_one();
  if (worker_.joinable()) worker_.join();
  if (watcher_.joinable()) watcher_.join();
}

/// What is to do now; empty: time to flush. Nothing: it is the end.
std::optional<SqliteWorker::Jobs> SqliteWorker::next() {
  std::unique_lock lock(mutex_);
  work_.wait_until(lock, flush_, [this] { return !queue_.empty() || closing_; });
  if (queue_.empty() && closing_) return std::nullopt;
  busy_ = true;
  Jobs out;
  while (!queue_.empty() && out.size() < kBatch) {
    out.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return out;
}

void SqliteWorker::work() {
  while (const auto jobs = next()) run(*jobs);
  flush_ = Steady::now();
  run({});
}

void SqliteWorker::run(const Jobs& jobs) {
  const std::int64_t now_ms = clock_() / 1000;
  SqliteBatch batch(tables_, claims_);
  Jobs ran;
  for (const auto& job : jobs) {
    if (job->told()) continue;  // too late: it has no effect
    if (!broken_) job->run(batch, now_ms);
    ran.push_back(job);
  }
  const bool flushes = Steady::now() >= flush_;
  const bool purges = Steady::now() >= purge_;
  const Budgets budgets = flushes ? duties_.budgets() : Budgets();
  const auto fault = broken_ ? broken_fault() : commit(batch, budgets, purges);
  if (flushes) flush_ = Steady::now() + kFlush;
  if (purges) purge_ = Steady::now() + kPurge;
  if (fault) duties_.unwritten(budgets);
  if (!fault) batch.keep();
  waiting_ -= jobs.size();
  rest();
  for (const auto& job : ran) fault ? job->fail(*fault) : job->answer();
}

void SqliteWorker::rest() {
  const std::lock_guard lock(mutex_);
  busy_ = false;
  stuck_ = false;
}

/// Nothing: all is on disk.
std::optional<Fault> SqliteWorker::commit(SqliteBatch& batch, const Budgets& budgets, bool purge) {
  const auto undone = [this](const SqliteFault& fault) {
    tables_.roll_back();
    return Fault{Fault::Kind::unavailable, "state.db: " + fault.what};
  };
  if (batch.fault()) return undone(*batch.fault());
  if (!batch.writes() && budgets.empty() && !purge) return std::nullopt;
  if (auto begun = tables_.begin(); !begun) return undone(begun.error());
  if (auto written = batch.write(); !written) return undone(written.error());
  for (const auto& budget : budgets) {
    if (auto written = tables_.save(budget); !written) return undone(written.error());
  }
  if (purge) {
    if (auto purged = tables_.purge(clock_()); !purged) return undone(purged.error());
  }
  auto committed = tables_.commit();
  if (committed) return std::nullopt;
  if (committed.error().full) return undone(committed.error());
  // Whether it is on disk is not known, and after a failed sync a later one would prove nothing: this file is not asked again.
  why_ = committed.error().what;
  broken_ = true;
  tables_.roll_back();
  return Fault{Fault::Kind::late, "state.db: a commit failed: " + why_};
}

void SqliteWorker::watch() {
  std::unique_lock lock(mutex_);
  while (true) {
    while (!watched_.empty() && watched_.front()->told()) watched_.pop_front();
    if (watched_.empty()) {
      if (closing_) return;
      watch_.wait(lock, [this] { return closing_ || !watched_.empty(); });
      continue;
    }
    const auto first = watched_.front();
    watch_.wait_until(lock,
                      closing_ ? std::min(first->deadline, Steady::now() + std::chrono::milliseconds(1)) : first->deadline);
    if (Steady::now() < first->deadline || first->told()) continue;
    stuck_ = busy_;
    lock.unlock();
    first->fail({Fault::Kind::late, "state.db did not answer within its deadline"});
    lock.lock();
  }
}

}  // namespace durward::quotas
