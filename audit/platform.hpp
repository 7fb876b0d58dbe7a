#pragma once
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>

namespace durward::audit {

/// What the ledger asks of the machine, so that tests can break it. Every function is called from several threads.
struct Platform {
  struct Space {
    std::uint64_t free;   // bytes that an unprivileged process may still use
    std::uint64_t total;  // bytes of the volume
  };
  std::function<std::int64_t()> unix_ms;
  std::function<std::chrono::steady_clock::time_point()> steady;
  std::function<ssize_t(int, const void*, std::size_t)> write;
  std::function<int(int)> sync;  // fdatasync
  std::function<Space(int directory)> space;
};

Platform real_platform();

}  // namespace durward::audit
