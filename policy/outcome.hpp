#pragma once
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "policy/reason.hpp"

namespace durward::policy {

/// A refusal: the public reason, and a detail for the operator's eyes only. The detail never holds a secret,
/// argument text or a credential, and never reaches a caller.
struct Violation {
  Violation(Reason r, std::string d) : reason(r), detail(std::move(d)) {}
  Reason reason;
  std::string detail;
};

/// T or an error. A small subset of std::expected, which C++20 does not have. Reading the wrong side is a defect:
/// std::get throws std::bad_variant_access, which the pipeline turns into Reason::internal.
template <class T, class E = Violation>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Outcome(E error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)
  /// From what converts to the error, and not to the value: a lower layer's error passed on.
  template <class U>
  requires(!std::is_same_v<std::remove_cvref_t<U>, Outcome> && !std::is_convertible_v<U, T> && std::is_convertible_v<U, E>)
      Outcome(U&& error)
      : state_(std::in_place_index<1>, std::forward<U>(error)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const noexcept { return state_.index() == 0; }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  E& error() & { return std::get<1>(state_); }
  const E& error() const& { return std::get<1>(state_); }
  E&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Outcome<void, E> {
 public:
  Outcome() = default;
  Outcome(E error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)
  template <class U>
  requires(!std::is_same_v<std::remove_cvref_t<U>, Outcome> && std::is_convertible_v<U, E>) Outcome(U&& error)
      : error_(std::forward<U>(error)) {}  // NOLINT(google-explicit-constructor)
  explicit operator bool() const noexcept { return !error_; }
  E& error() & { return error_.value(); }
  const E& error() const& { return error_.value(); }
  E&& error() && { return std::move(error_).value(); }

 private:
  std::optional<E> error_;
};

}  // namespace durward::policy

#define DURWARD_CAT2(a, b) a##b
#define DURWARD_CAT(a, b) DURWARD_CAT2(a, b)
#define DURWARD_TRY_(ret, tmp, decl, expr) \
  auto tmp = (expr);                       \
  if (!tmp) ret std::move(tmp).error();    \
  decl = *std::move(tmp)
/// `TRY(T name, expr)`: declares name from an Outcome, or returns its error from this function.
#define TRY(decl, expr) DURWARD_TRY_(return, DURWARD_CAT(try_, __LINE__), decl, expr)
/// The same inside a coroutine.
#define CO_TRY(decl, expr) DURWARD_TRY_(co_return, DURWARD_CAT(try_, __LINE__), decl, expr)
