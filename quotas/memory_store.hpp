#pragma once
#include <cstddef>
#include <memory>

#include "quotas/clock.hpp"
#include "quotas/store.hpp"

namespace durward::quotas {

struct MemorySize {
  std::size_t rates = 65'536;              // entries of the RateTable
  std::size_t keys = 100'000;              // budgets; places; idempotency records under way; guards: each
  std::size_t record_bytes = 64ULL << 20;  // idempotency records in all; a further one is unavailable until some expire
};

/// A store in this process's memory: for tests and throw-away runs. Every Done is called before its operation returns.
std::unique_ptr<Store> memory_store(const MemorySize& size, Clock clock = steady_unix_clock());

}  // namespace durward::quotas
