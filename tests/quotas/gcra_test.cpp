#include "quotas/gcra.hpp"

#include <catch2/catch.hpp>

namespace durward::quotas {

TEST_CASE("a burst passes at once, then one unit an interval") {
  const Limit limit = Limit::per_second(5);
  Cell cell = kIdle;
  for (int i = 0; i < 5; ++i) {
    const Verdict verdict = judge(limit, cell, 1, 0);
    REQUIRE(verdict.passes);
    CHECK(verdict.left == 4 - i);
    cell = verdict.next;
  }
  const Verdict sixth = judge(limit, cell, 1, 0);
  CHECK_FALSE(sixth.passes);
  CHECK(sixth.retry_after_ns == 200'000'000);
  CHECK_FALSE(judge(limit, cell, 1, 199'999'999).passes);
  CHECK(judge(limit, cell, 1, 200'000'000).passes);
}

}  // namespace durward::quotas
