#include "gateway/inbox.hpp"

#include <boost/asio/post.hpp>

namespace durward::gateway {

void Inbox::put(std::unique_ptr<Letter> letter) noexcept {
  std::unique_lock lock(mutex_);
  waiting_.push_back(std::move(letter));
  const bool first = waiting_.size() == 1;
  lock.unlock();
  if (first) asio::post(executor_, [this] { empty(); });
}

void Inbox::empty() {
  {
    const std::lock_guard lock(mutex_);
    opening_.swap(waiting_);
  }
  for (auto& letter : opening_) letter->open();
  opening_.clear();
}

}  // namespace durward::gateway
