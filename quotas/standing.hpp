#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quotas/demand.hpp"

/// From what a store holds of a key to what the caller is told: one arithmetic for all backends. Pure; times in Unix
/// microseconds.
namespace durward::quotas {

/// What a store holds of the key of one demand, before the take.
struct Held {
  Cell cell = kIdle;           // of a rate
  std::int64_t spent = 0;      // of a budget, in the period of now
  std::int64_t places = 0;     // of concurrency: taken and alive
  std::int64_t next_free = 0;  // if they are all: when so many have fallen free by themselves that another may come
  std::int64_t last_free = 0;  // if any are: when the last of them falls free by itself
};

/// What a budget's spending is counted up to, so that sums stay exact in a double.
inline constexpr std::int64_t kMostSpent = 4 * kMostAmount;
std::int64_t corrected(std::int64_t spent, std::int64_t reserved, std::int64_t actual);

/// Whether each passes, then how all stand: after the take if all pass, else as they are; as they are, too, unless `takes`.
Taken judge(const std::vector<Demand>& demands, const std::vector<Held>& held, std::int64_t now_us, bool takes);
/// What a budget is to be corrected to, of what it has on a receipt; nothing: it stays.
std::optional<std::int64_t> actual_of(const Receipt::Held& held, const Settlement& settlement);

/// Of a take that passed at now_us. place_id: what names the places that it took.
Receipt receipt_of(const std::vector<Demand>& demands, std::string place_id, std::int64_t now_us);

/// 16 random bytes if any of them asks for a place; else empty.
std::string place_id(const std::vector<Demand>& demands);

}  // namespace durward::quotas
