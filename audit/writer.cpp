#include "audit/writer.hpp"

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <numeric>

#include "audit/line.hpp"

namespace durward::audit {

using namespace std::chrono_literals;

namespace {
constexpr std::size_t kBatchGoal = 64;  // signed at once when so many wait
constexpr auto kLinger = 250us;         // the longest that a first record waits for company
// Where nobody waits for any of them, larger batches cost nobody anything: a fifth of the 50 ms that `buffered` may lose.
constexpr std::size_t kQuietGoal = 512;
constexpr auto kQuietLinger = 10ms;
}  // namespace

policy::Violation unavailable() { return {policy::Reason::ledger_unavailable, "the ledger takes no records"}; }

void BatchSizes::add(std::size_t size) noexcept {
  ++buckets.at(static_cast<std::size_t>(std::lower_bound(kBounds.begin(), kBounds.end(), size) - kBounds.begin()));
  records += size;
}

std::uint64_t BatchSizes::count() const noexcept { return std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0}); }

Writer::Writer(const config::Ledger& settings, std::string origin, SigningKey key, LogState state, Platform platform)
    : settings_(settings),
      origin_(std::move(origin)),
      platform_(std::move(platform)),
      written_(state.edge.size()),
      synced_(state.edge.size()),
      state_(std::move(state)),
      edge_(state_.edge),
      sealer_(origin_, std::move(key), state_.edge.size(), state_.leaf),
      segments_(settings_.dir.value, state_.end, settings_.segment.count, platform_),
      kept_size_(state_.edge.size()) {}

Writer::~Writer() { stop(); }

policy::Outcome<void, std::string> Writer::start() {
  if (!segments_.open()) return settings_.dir.value + ": the log cannot be opened: " + std::strerror(errno);
  kept_at_ = platform_.steady();
  writer_ = std::thread([this] { write_loop(); });
  sync_ = std::thread([this] { sync_loop(); });
  // The names by which an operator, and tests/bench, tell the ledger's CPU time from the loops'.
  ::pthread_setname_np(writer_.native_handle(), "ledger-writer");
  ::pthread_setname_np(sync_.native_handle(), "ledger-sync");
  return {};
}

void Writer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_writer_.notify_all();
  if (writer_.joinable()) writer_.join();
  {
    const std::lock_guard lock(mutex_);
    writer_done_ = true;
  }
  wake_sync_.notify_all();
  if (sync_.joinable()) sync_.join();
}

bool Writer::healthy() const noexcept { return !failed_ && !stalled_ && !stopping_ && places_ < settings_.queue; }

bool Writer::take_place() noexcept {
  if (places_.fetch_add(1) < settings_.queue) return true;
  places_.fetch_sub(1);
  return false;
}

bool Writer::reserve() noexcept {
  if (failed_ || stalled_ || stopping_ || !take_place()) return false;
  in_flight_.fetch_add(1);
  return true;
}

void Writer::release() noexcept {
  places_.fetch_sub(1);
  // A lingering writer may now be waiting for nobody. Should the wake-up be lost, it costs kLinger.
  if (in_flight_.fetch_sub(1) == 1) wake_writer_.notify_one();
}

bool Writer::push(Item item, bool reserved) {
  // A call must not start while nothing becomes durable; what tells of calls that did start still queues.
  const bool tells = item.type != Type::intent && (reserved || item.type == Type::outcome);
  const bool barred = stalled_ && !tells;
  const bool placed = reserved || take_place();
  if (reserved) in_flight_.fetch_sub(1);
  if (placed) {
    item.queued = platform_.steady();
    std::unique_lock lock(mutex_);
    if (!failed_ && !stopping_ && !barred) {
      if (item.done) ++awaited_;
      queue_.push_back(std::move(item));
      const bool wake = idle_ == Idle::empty || (idle_ != Idle::no && enough());
      if (wake) idle_ = Idle::no;
      lock.unlock();
      if (wake) wake_writer_.notify_one();
      return true;
    }
  }
  if (placed) places_.fetch_sub(1);
  if (item.done) item.done(unavailable());
  return false;
}

Ledger::Numbers Writer::numbers() const noexcept {
  const std::lock_guard lock(mutex_);
  return {written_, queue_.size(), queue_.size() + (written_ - synced_), healthy(), failed_, batches_};
}

// ---- the writer thread

void Writer::write_loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    idle_ = Idle::empty;
    wake_writer_.wait(lock, [&] { return !queue_.empty() || stopping_; });
    if (queue_.empty()) return;
    linger(lock);
    std::vector<Item> items = take();
    if (items.empty()) continue;  // they expired
    Group& group = open_group(items);
    lock.unlock();
    std::vector<Mark> marks;
    const bool good = !failed_ && write(items, marks);
    Waiters told;
    lock.lock();
    if (good)
      settle_write(group, std::move(marks), items.size(), told);
    else
      fail(told);
    lock.unlock();
    tell(told, good);
    lock.lock();
  }
}

/// Whether the queue should be written now, without waiting for company.
bool Writer::enough() const {
  if (queue_.empty() || stopping_) return true;
  // A short queue must not fill while nobody hurries. Reserved places count: their records come, too.
  if (awaited_ == 0) return queue_.size() >= kQuietGoal || places_ >= settings_.queue / 2;
  // Somebody waits: for no longer than until everyone who could join him has.
  return idle_ == Idle::quiet || queue_.size() >= kBatchGoal || in_flight_ == 0;
}

/// Waits for company until there is enough, or time is up.
void Writer::linger(std::unique_lock<std::mutex>& lock) {
  for (const Idle how : {Idle::quiet, Idle::lingering}) {
    if (how == Idle::quiet && awaited_ > 0) continue;
    idle_ = how;
    const std::chrono::nanoseconds most = how == Idle::quiet ? std::chrono::nanoseconds(kQuietLinger) : kLinger;
    const auto waited = platform_.steady() - queue_.front().queued;
    wake_writer_.wait_for(lock, most - std::min<std::chrono::nanoseconds>(waited, most), [this, how] {
      // Not by idle_ alone: whoever wakes this thread has reset it.
      return (how == Idle::quiet && awaited_ > 0) || enough();
    });
    if (awaited_ == 0 || queue_.empty()) break;
  }
  idle_ = Idle::no;
}

std::vector<Item> Writer::take() {
  std::vector<Item> items;
  if (queue_.size() <= kLargestBatch) {
    items.swap(queue_);
    queue_.reserve(items.size());
    return items;
  }
  const auto end = queue_.begin() + kLargestBatch;
  items.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return items;
}

Writer::Group& Writer::open_group(std::vector<Item>& items) {
  Group& group = groups_.emplace_back();
  group.end = written_ + items.size();
  group.oldest = items.front().queued;
  for (Item& item : items) {
    if (!item.done) continue;
    --awaited_;
    Waiters& waiters = item.durability == Durability::synced ? group.synced : group.written;
    waiters.push_back({std::move(item.done), item.type == Type::intent ? item.id : std::string{}});
  }
  return group;
}

bool Writer::write(const std::vector<Item>& items, std::vector<Mark>& marks) {
  for (const Item& item : items) {
    if (item.type == Type::intent || item.type == Type::outcome) marks.push_back({item.type, item.id, sealer_.seq()});
    sealer_.add(item.line);
  }
  if (!segments_.append(sealer_.seal())) return false;
  for (const crypto::Hash& leaf : sealer_.leaves()) edge_.push(leaf);
  return true;
}

void Writer::settle_write(Group& group, std::vector<Mark> marks, std::size_t places, Waiters& told) {
  if (written_ == synced_) first_unsynced_ = platform_.steady();
  written_ = group.end;
  batches_.add(places);
  places_.fetch_sub(places);
  group.in_kernel = true;
  told.swap(group.written);
  state_.edge = edge_;
  state_.leaf = sealer_.last();
  state_.end = segments_.end();
  for (Mark& mark : marks) {
    if (mark.type == Type::intent)
      state_.open.emplace(std::move(mark.id), mark.seq);
    else
      state_.open.erase(mark.id);
  }
  auto unsynced = segments_.take_unsynced();
  for (auto& file : unsynced.files)
    if (std::find(unsynced_.files.begin(), unsynced_.files.end(), file) == unsynced_.files.end())
      unsynced_.files.push_back(file);
  unsynced_.directory |= unsynced.directory;
  if (!group.synced.empty()) ++urgent_;
  settle_abandoned(group);
  if (urgent_ > 0 || written_ - synced_ == places) wake_sync_.notify_one();
}

/// Closes the intents whose callers were told no, but which are in the log all the same: nothing left the gateway for them.
void Writer::settle_abandoned(Group& group) {
  for (std::string& id : group.abandoned) {
    Record record;
    record.type = Type::outcome;
    record.ts_ms = platform_.unix_ms();
    record.id = std::move(id);
    record.effect = Effect::none;
    record.reason = policy::name(policy::Reason::ledger_unavailable);
    places_.fetch_add(1);
    queue_.push_back({compose(record, origin_), Type::outcome, record.id, Durability::written, {}, platform_.steady()});
  }
  group.abandoned.clear();
}

// ---- both threads, with the lock held

/// For ever: nothing more is written, everyone who waits is told.
void Writer::fail(Waiters& told) {
  failed_ = true;
  const auto collect = [&](Waiters& waiters) {
    std::move(waiters.begin(), waiters.end(), std::back_inserter(told));
    waiters.clear();
  };
  for (Group& group : groups_) {
    collect(group.written);
    collect(group.synced);
  }
  for (Item& item : queue_)
    if (item.done) told.push_back({std::move(item.done), {}});
  queue_.clear();
  awaited_ = 0;
}

void Writer::tell(Waiters& waiters, bool good) {
  for (Waiter& waiter : waiters) {
    if (good)
      waiter.done({});
    else
      waiter.done(policy::Violation(policy::Reason::ledger_unavailable, "no durable record"));
  }
}

// ---- whoever watches the clock

void Writer::check_deadline() {
  Waiters told;
  {
    const std::lock_guard lock(mutex_);
    const auto limit = platform_.steady() - settings_.deadline;
    bool late = false;
    for (Group& group : groups_) {
      if (group.oldest > limit) continue;
      late = true;
      for (Waiters* waiters : {&group.written, &group.synced}) {
        for (Waiter& waiter : *waiters) {
          if (!waiter.intent.empty()) group.abandoned.push_back(waiter.intent);
          told.push_back(std::move(waiter));
        }
        waiters->clear();
      }
    }
    late |= !queue_.empty() && queue_.front().queued <= limit;
    expire_queue(limit, told);
    stalled_ = late;
  }
  tell(told, false);
}

/// An intent that was not written yet never will be: its call is refused now. Other records stay, and are written when that is
/// possible again.
void Writer::expire_queue(std::chrono::steady_clock::time_point limit, Waiters& told) {
  const auto expired = [&](Item& item) {
    if (item.queued > limit) return false;
    if (item.done) {
      told.push_back({std::move(item.done), {}});
      item.done = nullptr;
      --awaited_;
    }
    return item.type == Type::intent;
  };
  const auto end = std::remove_if(queue_.begin(), queue_.end(), expired);
  places_.fetch_sub(static_cast<std::size_t>(queue_.end() - end));
  queue_.erase(end, queue_.end());
}

}  // namespace durward::audit
