#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "quotas/answer.hpp"
#include "quotas/demand.hpp"
#include "quotas/idempotency.hpp"

namespace durward::quotas {

/// What gateways share: quotas and idempotency records. Three backends keep one contract
/// (tests/quotas/store_contract_test.cpp): `memory`, `sqlite` (one process, survives a crash) and `redis` (any number of
/// processes).
///
/// Every operation is atomic, may be called from any thread, and ends within the store's deadline by exactly one call of its
/// Done: with a result, or a Fault. After some failures in a row operations fail at once, but for a probe now and then, until
/// one succeeds. Time is the store's own: Redis' clock, or that of this process, which does not go back while it runs; a period
/// of a budget is one of UTC.
class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;  // closes

  /// All or nothing: takes what every demand asks for if each passes, else nothing. 1 to kMostDemands, no key twice among those
  /// of one kind.
  virtual void take(std::vector<Demand> demands, Done<Taken> done) = 0;
  /// Corrects budgets, gives back places; with `refund` all of it. At most once a receipt. A correction that comes after a
  /// budget's period, and a place whose life has ended, change nothing.
  virtual void settle(Receipt receipt, Settlement settlement, Done<void> done) = 0;
  /// How the limits stand, and whether each would pass. Takes nothing.
  virtual void look(std::vector<Demand> demands, Done<std::vector<Standing>> done) = 0;
  /// Forgets all that was taken of these keys, 1 to kMostDemands of them, whatever their kind. A rate in process memory whose
  /// entry was evicted (RateTable) is not forgotten.
  virtual void reset(std::vector<std::string> keys, Done<void> done) = 0;

  /// Asks for the right to send a call, or for what came of it. Of any number at once for one key exactly one is fresh.
  virtual void claim(Claim claim, Done<Claimed> done) = 0;
  /// Says how far a claim has come. Where the store is durable, so is the answer ok.
  virtual void move(Move move, Done<Moved> done) = 0;
  /// Gives a claim back, CLAIMED or SENT: the call had no effect. The record is gone, or, after round 1, the question open
  /// again. `refused` in any other state.
  virtual void release(std::string key, std::string token, std::uint64_t fence, Done<Moved> done) = 0;
  /// The record of a key, if there is one.
  virtual void find(std::string key, Done<std::optional<Record>> done) = 0;
  /// `fenced`: there is no such record; `refused`: its state is known.
  virtual void resolve(Resolution resolution, Done<Moved> done) = 0;

  /// For readiness and metrics; never waits.
  struct Health {
    bool reachable = true;          // false: operations fail at once
    std::uint64_t unavailable = 0;  // faults since the start, by kind
    std::uint64_t late = 0;
    std::uint64_t waiting = 0;    // operations under way
    std::uint64_t evictions = 0;  // rates in process memory: see RateTable
  };
  virtual Health health() const = 0;

  /// Finishes what was accepted, makes durable what is to be, and refuses the rest as unavailable. Returns when every Done was
  /// called. Not from a Done. Twice is once.
  virtual void close() = 0;
};

}  // namespace durward::quotas
