#include "gateway/core_dumps.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace durward::gateway;

namespace {

// In a process of its own: what it lowers stays low.
int in_child(int (*body)()) {
  const ::pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int forbidden() {
  if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return 1;
  if (!forbid_core_dumps()) return 2;
  if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return 3;
  ::rlimit limit{1, 1};
  if (::getrlimit(RLIMIT_CORE, &limit) != 0) return 4;
  return limit.rlim_cur == 0 && limit.rlim_max == 0 ? 0 : 5;
}

}  // namespace

TEST_CASE("a process that holds secrets leaves no core file, and nobody may attach to it") { CHECK(in_child(forbidden) == 0); }
