#include "gateway/intake.hpp"

#include <boost/asio/buffer.hpp>
#include <utility>

namespace durward::gateway {

class Intake::Ended {
 public:
  explicit Ended(std::shared_ptr<Intake> intake) : intake_(std::move(intake)) {}
  Ended(Ended&&) noexcept = default;
  Ended& operator=(Ended&&) noexcept = default;
  ~Ended() {
    if (intake_) intake_->waiter_.reset();
  }
  void operator()(error_code ec, std::size_t got) { std::exchange(intake_, nullptr)->ended(ec, got); }

 private:
  std::shared_ptr<Intake> intake_;
};

void Intake::detach() {
  socket_ = nullptr;
  on_gone_ = nullptr;
}

void Intake::start() {
  const std::span<char> space = unread.space();
  socket_->async_read_some(asio::buffer(space.data(), space.size()), Ended(shared_from_this()));
  reading_ = true;  // only now: what comes before may throw
}

void Intake::ended(error_code ec, std::size_t got) {
  reading_ = false;
  if (socket_ == nullptr) return;
  unread.commit(got);
  result_ = ec;
  news_ = true;
  if (waiter_) {
    Waiter waiter = std::move(*waiter_);
    waiter_.reset();
    std::move(waiter)();
  } else if (on_gone_ && ec) {
    hung_up_ = true;
    std::exchange(on_gone_, nullptr)();
  } else if (on_gone_ && unread.size() < most_) {
    start();  // the next request, sent early: the hang-up behind it is still seen
  }
}

Task<> Intake::wait() {
  if (!reading_) start();
  auto keep = [this](auto handler) { waiter_.emplace(std::move(handler)); };
  return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(keep, use_task);
}

error_code Intake::result() {
  news_ = false;
  return result_;
}

void Intake::watch(std::function<void()> on_gone, std::size_t most) {
  on_gone_ = std::move(on_gone);
  most_ = most;
  if (reading_) return;
  if (news_ && result_) {  // it ended while nobody watched
    hung_up_ = true;
    std::exchange(on_gone_, nullptr)();
  } else if (unread.size() < most_) {
    start();
  }
}

}  // namespace durward::gateway
