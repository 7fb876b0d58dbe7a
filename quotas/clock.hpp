#pragma once
#include <cstdint>
#include <functional>

namespace durward::quotas {

/// Unix microseconds that never go back; thread-safe. Tests bring their own.
using Clock = std::function<std::int64_t()>;

/// The system's time when it was made, and from there on that of the steady clock: a step of the system's clock neither gives
/// nor takes quota, and counts from the next start.
Clock steady_unix_clock();

}  // namespace durward::quotas
