#include <fcntl.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "audit/writer.hpp"

/// The sync thread of the ledger's Writer.
namespace durward::audit {

using namespace std::chrono_literals;

namespace {
constexpr auto kSyncWithin = 25ms;  // `written` promises 50 ms: half of it is left for the disk
constexpr auto kStateInterval = 5s;
}  // namespace

void Writer::sync_loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_sync_.wait(lock, [&] { return (written_ > synced_ && !failed_) || writer_done_; });
    if (written_ == synced_ || failed_) break;
    const auto left = kSyncWithin - (platform_.steady() - first_unsynced_);
    wake_sync_.wait_for(lock, std::max(left, left.zero()), [&] { return urgent_ > 0 || writer_done_ || failed_; });
    if (failed_) continue;
    const std::uint64_t upto = written_;
    const Segments::Unsynced unsynced = std::exchange(unsynced_, {});
    const bool due = writer_done_ || platform_.steady() - kept_at_ >= kStateInterval;
    const LogState state = due ? state_ : LogState{};
    lock.unlock();
    const bool good = sync_files(unsynced);
    lock.lock();
    Waiters told;
    if (good)
      settle_sync(upto, told);
    else
      fail(told);
    lock.unlock();
    tell(told, good);
    if (good && due) keep_state(state);
    lock.lock();
  }
  if (failed_) return;
  const LogState last = state_;
  lock.unlock();
  if (last.edge.size() != kept_size_) keep_state(last);
  segments_.trim();  // the writer thread has ended: its segments are ours
}

bool Writer::sync_files(const Segments::Unsynced& unsynced) {
  for (const auto& file : unsynced.files)
    if (platform_.sync(file->get()) != 0) return false;
  if (!unsynced.directory) return true;
  const Descriptor folder(::open(settings_.dir.value.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return folder && ::fsync(folder.get()) == 0;
}

void Writer::settle_sync(std::uint64_t upto, Waiters& told) {
  synced_ = upto;
  first_unsynced_ = platform_.steady();
  while (!groups_.empty() && groups_.front().in_kernel && groups_.front().end <= upto) {
    Group& group = groups_.front();
    if (!group.synced.empty()) {
      std::move(group.synced.begin(), group.synced.end(), std::back_inserter(told));
    }
    settle_abandoned(group);
    groups_.pop_front();
  }
  urgent_ = static_cast<std::size_t>(std::count_if(
      groups_.begin(), groups_.end(), [](const Group& group) { return group.in_kernel && !group.synced.empty(); }));
  if (!queue_.empty()) wake_writer_.notify_one();
}

/// Failing costs only a longer recovery: the log itself has everything.
void Writer::keep_state(const LogState& state) {
  kept_at_ = platform_.steady();
  if (write_state(settings_.dir.value, origin_, state)) kept_size_ = state.edge.size();
}

}  // namespace durward::audit
