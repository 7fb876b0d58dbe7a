#pragma once
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "quotas/answer.hpp"
#include "quotas/rate_table.hpp"
#include "quotas/standing.hpp"

namespace durward::quotas {

/// Rates, budgets and places in the memory of this process, bounded. Thread-safe: rates alone take the locks of their shards,
/// all else one mutex. Demands and receipts are checked (quotas/bounds.hpp); times are Unix microseconds.
class LocalQuotas {
 public:
  /// rates: entries of the RateTable. keys: budgets, and places, at once; a further one is unavailable until some are over.
  /// tells: whether somebody asks for changed().
  LocalQuotas(std::size_t rates, std::size_t keys, bool tells);

  Answer<Taken> take(const std::vector<Demand>& demands, std::int64_t now_us);
  std::vector<Standing> look(const std::vector<Demand>& demands, std::int64_t now_us);
  void settle(const Receipt& receipt, const Settlement& settlement, std::int64_t now_us);
  void reset(const std::vector<std::string>& keys);

  /// A budget as it is written down. A change since the last changed() is told once.
  struct Budgeted {
    std::string key;
    Spent spent;
    std::int64_t end = 0;  // of its period
  };
  std::vector<Budgeted> changed();
  void put_back(const std::vector<Budgeted>& budgets);  // they could not be written down: tell them again
  void load(const Budgeted& budget);

  std::uint64_t evictions() const { return rates_.evictions(); }

 private:
  struct Tally {
    Spent spent;
    std::int64_t end = 0;
    bool changed = false;
  };
  struct Place {
    std::string id;
    std::int64_t until = 0;
  };
  Held held(const std::string& key, const Budget& budget, std::int64_t now_us);
  Held held(const std::string& key, const Concurrency& concurrency, std::int64_t now_us);
  bool room_for(const std::vector<Demand>& demands, std::int64_t now_us);
  void sweep(std::int64_t now_us);
  void note(const std::string& key, Tally& tally);
  void keep(const std::vector<Demand>& demands, const std::string& id, std::int64_t now_us);
  Taken judge_all(const std::vector<Demand>& demands, bool takes, std::int64_t now_us);
  void give_back_place(const std::string& key, const std::string& id);

  RateTable rates_;
  const std::size_t most_;
  const bool tells_;
  std::mutex mutex_;  // of all below
  std::unordered_map<std::string, Tally> budgets_;
  std::unordered_map<std::string, std::vector<Place>> places_;
  std::vector<std::string> changed_;  // the keys of changed budgets
  std::size_t placed_ = 0;            // in places_, in all
  std::int64_t swept_ = 0;
};

}  // namespace durward::quotas
