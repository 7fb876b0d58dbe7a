#pragma once
#include <atomic>
#include <cstdint>

#include "quotas/store.hpp"

namespace durward::quotas {

/// What a store counts of its own operations. Thread-safe.
class Meter {
 public:
  void count(const Fault& fault) {
    if (fault.kind == Fault::Kind::unavailable) ++unavailable_;
    if (fault.kind == Fault::Kind::late) ++late_;
  }
  /// Ends an operation with a fault, and counts it.
  template <class T>
  void fail(const Done<T>& done, Fault fault) {
    count(fault);
    done(std::move(fault));
  }
  Store::Health read() const {
    Store::Health out;
    out.unavailable = unavailable_;
    out.late = late_;
    return out;
  }

 private:
  std::atomic<std::uint64_t> unavailable_{0}, late_{0};
};

inline Fault closed() { return {Fault::Kind::unavailable, "the store is closed"}; }

}  // namespace durward::quotas
