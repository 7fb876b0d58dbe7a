#pragma once
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "audit/compose.hpp"
#include "audit/flood.hpp"
#include "audit/platform.hpp"
#include "config/settings.hpp"

namespace durward::audit {

/// Keeps floods of refusals from filling the log (deploy/docs/ledger.md, "Floods"). Thread-safe.
class Refusals {
 public:
  /// What it needs of the ledger around it. All are called without its lock held, but for healthy and space.
  struct Around {
    std::function<void(const Record&, const FloodFacts&)> put;  // appends, `buffered`
    std::function<std::string(std::string_view address)> commit;
    std::function<bool()> healthy;
    std::function<Platform::Space()> space;
    std::function<std::int64_t()> unix_ms;
  };
  Refusals(const config::Ledger& settings, Around around);

  /// A refusal before authentication: put now, or counted.
  void anonymous(const Record& record, std::string_view address);
  /// Whether a refusal of that principal may be recorded now; otherwise it has been counted.
  bool admit(const Record& record, std::string_view principal);
  /// Puts the aggregates whose second is over; with flush all of them. To be called at least once a second.
  void emit_due(bool flush);

 private:
  bool space_is_low(std::int64_t now_ms);
  void emit(const Flood& flood);

  const std::uint64_t reserve_;
  const Around around_;
  std::mutex mutex_;  // guards what follows
  Budget strangers_;
  Budgets principals_;
  std::int64_t space_second_ = -1;
  bool space_low_ = false;
};

}  // namespace durward::audit
