#include "gateway/core_dumps.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace durward::gateway {

// The kernel hands a dump to a program (`core_pattern` with a pipe) whatever RLIMIT_CORE says, unless the process is not
// dumpable at all.
bool forbid_core_dumps() noexcept {
  const ::rlimit none{0, 0};
  const bool limited = ::setrlimit(RLIMIT_CORE, &none) == 0;
  const bool closed = ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
  return limited && closed;
}

}  // namespace durward::gateway
