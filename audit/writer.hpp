#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "audit/compose.hpp"
#include "audit/ledger.hpp"
#include "audit/log_state.hpp"
#include "audit/platform.hpp"
#include "audit/sealer.hpp"
#include "audit/segments.hpp"

namespace durward::audit {

/// A record on its way to the log.
struct Item {
  Composed line;
  Type type = Type::call;
  std::string id;  // of an intent or outcome
  Durability durability = Durability::written;
  Ledger::Done done;  // empty: nobody waits
  std::chrono::steady_clock::time_point queued{};
};

/// What a record that finds no place is answered with.
policy::Violation unavailable();

/// The queue and its two threads: one orders, chains, signs and writes; the other calls fdatasync, so that a `written` record
/// never waits for a disk. All public functions are thread-safe. mutex_ guards everything that is not said to be a thread's
/// own.
class Writer {
 public:
  Writer(const config::Ledger& settings, std::string origin, SigningKey key, LogState state, Platform platform);
  ~Writer();
  /// Opens the log and starts the threads. The error is one sentence.
  policy::Outcome<void, std::string> start();
  /// Writes and syncs what is queued, keeps the state, and ends the threads. Later records are refused.
  void stop();

  bool healthy() const noexcept;
  bool reserve() noexcept;
  void release() noexcept;
  /// False where the record finds no place; item.done has then been told, on this thread.
  bool push(Item item, bool reserved);
  /// Tells those who have waited longer than the deadline that the ledger is not available. To be called a few times per
  /// deadline.
  void check_deadline();
  Ledger::Numbers numbers() const noexcept;

 private:
  /// Someone to be told. intent: the id of an intent, whose call must not start once he was told no.
  struct Waiter {
    Ledger::Done done;
    std::string intent;
  };
  using Waiters = std::vector<Waiter>;
  /// The waiters of one batch, from when the writer takes it until it is on the disk.
  struct Group {
    std::uint64_t end = 0;  // the log's size behind it
    bool in_kernel = false;
    std::chrono::steady_clock::time_point oldest;
    Waiters written, synced;
    std::vector<std::string> abandoned;  // intents whose callers were told no while the batch was under way
  };
  struct Mark {
    Type type;
    std::string id;
    std::uint64_t seq;
  };

  bool take_place() noexcept;
  void write_loop();
  bool enough() const;
  void linger(std::unique_lock<std::mutex>& lock);
  std::vector<Item> take();
  Group& open_group(std::vector<Item>& items);
  bool write(const std::vector<Item>& items, std::vector<Mark>& marks);
  void settle_write(Group& group, std::vector<Mark> marks, std::size_t places, Waiters& told);
  void settle_abandoned(Group& group);

  void sync_loop();
  bool sync_files(const Segments::Unsynced& unsynced);
  void settle_sync(std::uint64_t upto, Waiters& told);
  void keep_state(const LogState& state);

  void fail(Waiters& told);
  static void tell(Waiters& waiters, bool good);
  void expire_queue(std::chrono::steady_clock::time_point limit, Waiters& told);

  const config::Ledger settings_;
  const std::string origin_;
  const Platform platform_;
  std::atomic<std::size_t> places_{0};     // queued, reserved or being written
  std::atomic<std::size_t> in_flight_{0};  // reserved, not yet appended
  std::atomic<bool> failed_{false}, stalled_{false}, stopping_{false};

  mutable std::mutex mutex_;
  std::condition_variable wake_writer_, wake_sync_;
  enum class Idle { no, empty, quiet, lingering };
  std::size_t awaited_ = 0;  // records in the queue that somebody waits for
  Idle idle_ = Idle::no;     // what the writer sleeps for
  std::vector<Item> queue_;
  std::deque<Group> groups_;
  std::uint64_t written_, synced_;
  BatchSizes batches_;
  std::size_t urgent_ = 0;  // groups in the kernel that wait for the disk
  std::chrono::steady_clock::time_point first_unsynced_{};
  bool writer_done_ = false;
  LogState state_;  // as of the last batch written
  Segments::Unsynced unsynced_;

  Edge edge_;                    // the writer thread's own: of the log as written
  Sealer sealer_;                // likewise
  Segments segments_;            // likewise
  std::uint64_t kept_size_ = 0;  // the sync thread's own
  std::chrono::steady_clock::time_point kept_at_{};
  std::thread writer_, sync_;
};

}  // namespace durward::audit
