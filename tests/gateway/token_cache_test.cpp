#include "gateway/token_cache.hpp"

#include <catch2/catch.hpp>

using namespace durward;
using namespace durward::gateway;
using namespace std::chrono_literals;

namespace {

const TokenCache::Time kNow{1000h};

crypto::Hash hash(int n) { return crypto::sha256(std::to_string(n)); }
TokenCache::Verified verified() { return {0, 1, policy::anonymous("t"), {}}; }

}  // namespace

TEST_CASE("a verified token is remembered until its expiry, and for a minute at most") {
  TokenCache cache(10);
  cache.put(hash(1), verified(), 10s, kNow);
  cache.put(hash(2), verified(), 3600s, kNow);
  CHECK(cache.find(hash(1), kNow + 9s));
  CHECK_FALSE(cache.find(hash(1), kNow + 10s));
  CHECK(cache.find(hash(2), kNow + 59s));
  CHECK_FALSE(cache.find(hash(2), kNow + 60s));
  CHECK(cache.size() == 0);
  CHECK_FALSE(cache.find(hash(3), kNow));
  cache.put(hash(4), verified(), -1s, kNow);
  CHECK_FALSE(cache.find(hash(4), kNow));
}

TEST_CASE("a full cache forgets what was not used for longest, and holds never more than its limit") {
  TokenCache cache(3);
  for (int i = 0; i < 3; ++i) cache.put(hash(i), verified(), 60s, kNow);
  CHECK(cache.find(hash(0), kNow));
  cache.put(hash(3), verified(), 60s, kNow);
  CHECK(cache.size() == 3);
  CHECK(cache.find(hash(0), kNow));
  CHECK_FALSE(cache.find(hash(1), kNow));
  cache.put(hash(0), verified(), 60s, kNow);
  CHECK(cache.size() == 3);
  cache.limit(1);
  CHECK(cache.size() == 1);
  CHECK(cache.find(hash(0), kNow));
  cache.drop(hash(0));
  CHECK_FALSE(cache.find(hash(0), kNow));
  cache.put(hash(5), verified(), 60s, kNow);
  cache.clear();
  CHECK(cache.size() == 0);
}
