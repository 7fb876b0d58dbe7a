#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "quotas/clock.hpp"
#include "quotas/memory_store.hpp"
#include "quotas/store.hpp"

namespace durward::quotas {

/// A store in one directory, of one process. On disk, by the time that its answer is ok: every record that is SENT, OPEN, DONE
/// or UNKNOWN, and the end of one. Within a second, and at close(): budgets. In memory only: rates, places, guards, and claims
/// that have sent nothing, so a crash forgives one burst and frees what was only claimed.
struct SqliteSetup {
  std::string dir;  // exists
  std::chrono::milliseconds deadline{500};
  MemorySize size;  // record_bytes is not used
};

/// An error, one sentence for the operator, if the directory cannot be used: see Database::open.
policy::Outcome<std::unique_ptr<Store>, std::string> sqlite_store(const SqliteSetup& setup, Clock clock = steady_unix_clock());

}  // namespace durward::quotas
