#pragma once
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "quotas/answer.hpp"

namespace durward::quotas {
namespace detail {

/// Where an answer and who waits for it meet, whichever is first.
template <class T>
class Meeting {
 public:
  void answer(Answer<T> answer) {
    std::function<void()> wake;
    {
      const std::lock_guard lock(mutex_);
      answer_.emplace(std::move(answer));
      wake = std::move(wake_);
    }
    if (wake) wake();
  }
  bool here() const {
    const std::lock_guard lock(mutex_);
    return answer_.has_value();
  }
  void wait(std::function<void()> wake) {
    {
      const std::lock_guard lock(mutex_);
      if (!answer_) {
        wake_ = std::move(wake);
        return;
      }
    }
    wake();
  }
  Answer<T> take() { return *std::move(answer_); }

 private:
  mutable std::mutex mutex_;
  std::optional<Answer<T>> answer_;
  std::function<void()> wake_;
};

}  // namespace detail

/// `co_await answer_of<Taken, Executor>(start)`, where start(Done<Taken>) begins an operation of a store: goes on at once if
/// the answer came while it began, else on the coroutine's own executor, which lives until then.
template <class T, class Executor, class Start>
boost::asio::awaitable<Answer<T>, Executor> answer_of(Start start) {
  namespace asio = boost::asio;
  const auto meeting = std::make_shared<detail::Meeting<T>>();
  start(Done<T>([meeting](Answer<T> answer) { meeting->answer(std::move(answer)); }));
  if (!meeting->here()) {
    auto wait = [meeting](auto handler) {
      const auto executor = asio::get_associated_executor(handler);
      const auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
      meeting->wait([waiting, executor, guard = asio::make_work_guard(executor)] {
        asio::post(executor, [waiting] { std::move (*waiting)(); });
      });
    };
    asio::use_awaitable_t<Executor> token;
    co_await asio::async_initiate<asio::use_awaitable_t<Executor>, void()>(wait, token);
  }
  co_return meeting->take();
}

}  // namespace durward::quotas
