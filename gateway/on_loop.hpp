#pragma once
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "gateway/asio.hpp"

namespace durward::gateway {

/// A coroutine's completion handler as a callback that any thread may call, once: it resumes on the coroutine's own loop, which
/// lives until then. Copyable, since std::function wants that.
template <class Handler>
auto on_loop(Handler handler) {
  auto executor = asio::get_associated_executor(handler);
  auto guard = asio::make_work_guard(executor);
  auto shared = std::make_shared<Handler>(std::move(handler));
  return [executor, guard, shared]<class... Args>(Args... args) {
    asio::post(executor, [shared, ... args = std::move(args)]() mutable { (*shared)(std::move(args)...); });
  };
}

}  // namespace durward::gateway
