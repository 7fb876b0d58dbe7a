#pragma once
#include <optional>
#include <utility>

#include "gateway/asio.hpp"

namespace durward::gateway {

/// What a step gives that mostly need not wait: its result, or the task that will have it. A coroutine costs a frame and its
/// bookkeeping even where nothing is waited for; a plain function that gives a Soon costs them only where something is.
template <class T>
class [[nodiscard]] Soon {
 public:
  Soon(Task<T> task) : task_(std::move(task)) {}  // NOLINT(google-explicit-constructor)
  template <class U>
  requires std::is_convertible_v<U, T> Soon(U&& value)  // NOLINT(google-explicit-constructor)
      : value_(std::forward<U>(value)) {}
  bool here() const { return value_.has_value(); }
  Task<T> later() { return *std::move(task_); }  // unless here(); once
  void put(T value) { value_.emplace(std::move(value)); }
  T take() { return *std::move(value_); }  // once it is here

 private:
  std::optional<T> value_;
  std::optional<Task<T>> task_;
};

}  // namespace durward::gateway

#define DURWARD_SOON_(soon, expr) \
  auto soon = (expr);             \
  if (!soon.here()) soon.put(co_await soon.later())
#define DURWARD_CO_SOON_(soon, decl, expr) \
  DURWARD_SOON_(soon, expr);               \
  decl = soon.take()
/// `CO_SOON(auto name, expr)` in a coroutine: the result of a Soon, waited for where it is not here.
#define CO_SOON(decl, expr) DURWARD_CO_SOON_(DURWARD_CAT(soon_, __LINE__), decl, expr)
/// The same where only the end matters.
#define CO_DONE(expr) DURWARD_SOON_(DURWARD_CAT(soon_, __LINE__), expr)
