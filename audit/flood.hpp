#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "audit/record.hpp"

/// Flood budgets (deploy/docs/ledger.md, "Floods"): pure arithmetic, time is an argument, nothing is thread-safe.
namespace durward::audit {

/// What an aggregate record says.
struct Flood {
  Record sample;  // the first refusal that found no room
  std::uint64_t count = 0;
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
  std::map<std::string, std::uint64_t> reasons;
  std::vector<std::pair<std::string, std::uint64_t>> addresses;  // not committed yet; the busiest first, at most eight
};

/// One budget a second. What finds no room in it is counted, and the count falls due when its second is over.
class Budget {
 public:
  explicit Budget(unsigned per_second) : per_second_(per_second) {}
  /// Whether there is room for one record in the second of now.
  bool spend(std::int64_t now_ms);
  void count(const Record& record, std::string_view address, std::int64_t now_ms);
  /// The aggregate, once its second is over, or at once with flush; at most once for each second.
  std::optional<Flood> due(std::int64_t now_ms, bool flush);
  bool idle(std::int64_t now_ms) const { return flood_.count == 0 && second_ != now_ms / 1000; }

 private:
  unsigned per_second_;
  unsigned spent_ = 0;
  std::int64_t second_ = -1;
  Flood flood_;
  // The busiest addresses by the space-saving algorithm: memory stays constant however many take part.
  std::unordered_map<std::string, std::uint64_t> addresses_;
};

/// A budget for each principal.
class Budgets {
 public:
  explicit Budgets(unsigned per_second) : per_second_(per_second), others_(per_second) {}
  /// The budget of that principal. While too many are busy at once, those who come later share one.
  Budget& of(const std::string& principal, std::int64_t now_ms);
  std::vector<Flood> due(std::int64_t now_ms, bool flush);

 private:
  unsigned per_second_;
  std::unordered_map<std::string, Budget> budgets_;
  Budget others_;
};

}  // namespace durward::audit
