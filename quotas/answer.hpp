#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "policy/outcome.hpp"

/// How every operation of a store ends: with its result, or with why there is none.
namespace durward::quotas {

struct Fault {
  enum class Kind : std::uint8_t {
    unavailable,  // the store cannot be reached, is closed, or is full: nothing was changed, and nothing will be
    late,         // no answer within the deadline, or the connection broke meanwhile: it may have happened, or may yet happen
    invalid,      // outside the bounds that store.hpp names: a defect of the caller's; nothing was changed
  };
  Kind kind = Kind::unavailable;
  std::string detail;  // for the operator: no key, no argument text, no secret
};

template <class T>
using Answer = policy::Outcome<T, Fault>;

/// Called exactly once, on any thread; also on the caller's own, before the operation has returned. It must be short, must not
/// throw and must not call close(). `quotas/await.hpp` makes an awaitable of it that resumes on the caller's executor.
template <class T>
using Done = std::function<void(Answer<T>)>;

}  // namespace durward::quotas
