#include "quotas/clock.hpp"

#include <chrono>

namespace durward::quotas {

Clock steady_unix_clock() {
  using namespace std::chrono;
  const auto unix_now = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
  const auto begin = steady_clock::now();
  return [unix_now, begin] { return unix_now + duration_cast<microseconds>(steady_clock::now() - begin).count(); };
}

}  // namespace durward::quotas
