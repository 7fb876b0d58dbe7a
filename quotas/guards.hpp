#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "quotas/idempotency.hpp"

namespace durward::quotas {

/// The duplicate guard in process memory: which key a call came under last. Where more are alive than there is room for, the
/// oldest goes: what is missed then is a hint, not a hold. Not thread-safe.
class Guards {
 public:
  explicit Guards(std::size_t most) : most_(most) {}
  /// The claim has become fresh. True: so has another key of its guard, within the guard's window.
  bool seen(const Claim& claim, std::int64_t now_ms);

 private:
  struct Last {
    std::string key;
    std::int64_t until = 0;
    std::uint64_t turn = 0;
  };
  void make_room(std::int64_t now_ms);

  const std::size_t most_;
  std::unordered_map<std::string, Last> last_;
  std::deque<std::pair<std::uint64_t, std::string>> order_;  // as they came; older turns of a guard are passed over
  std::uint64_t turns_ = 0;
};

}  // namespace durward::quotas
