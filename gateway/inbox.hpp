#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "gateway/asio.hpp"

namespace durward::gateway {

/// What another thread hands to a loop, to be opened there.
class Letter {
 public:
  Letter() = default;
  virtual ~Letter() = default;
  Letter(const Letter&) = delete;
  Letter& operator=(const Letter&) = delete;
  virtual void open() = 0;
};

/// Letters to one loop. However many come at once, they cost one wake-up: the ledger tells a whole batch in one go.
class Inbox {
 public:
  explicit Inbox(Executor executor) : executor_(executor) {}
  /// Any thread, as long as the loop lives. A letter that cannot be kept ends the process: somebody would wait for ever.
  void put(std::unique_ptr<Letter> letter) noexcept;

 private:
  void empty();
  Executor executor_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Letter>> waiting_;
  std::vector<std::unique_ptr<Letter>> opening_;  // the loop's own: keeps its storage from time to time
};

}  // namespace durward::gateway
