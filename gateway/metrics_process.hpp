#pragma once
#include <cstdint>
#include <optional>

namespace durward::gateway {

/// What /proc says of this process. Absent where it cannot be read.
struct ProcessFigures {
  std::optional<double> cpu_seconds, start_seconds;  // start: Unix time
  std::optional<std::uint64_t> resident_bytes, virtual_bytes, open_fds, max_fds;
};

/// Reads them anew; about a hundred microseconds. Thread-safe.
ProcessFigures process_figures();

}  // namespace durward::gateway
