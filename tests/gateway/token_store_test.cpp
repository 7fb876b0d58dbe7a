#include "gateway/token_store.hpp"

#include <catch2/catch.hpp>
#include <thread>

using namespace durward::gateway;
using namespace std::chrono_literals;
using Go = TokenStore::Go;

namespace {

const TokenStore::Time kStart{1000h};

TokenStore::Key key(std::uint8_t number) {
  TokenStore::Key out{};
  out[0] = number;
  return out;
}

std::shared_ptr<const ShownCredential> token(std::string_view text) {
  return std::make_shared<const ShownCredential>("authorization", "Bearer", text);
}

}  // namespace

TEST_CASE("what is shown is one whole header line") {
  CHECK(token("token-one")->line.reveal() == "authorization: Bearer token-one\r\n");
  CHECK(ShownCredential("x-api-key", "", "key-of-ours").line.reveal() == "x-api-key: key-of-ours\r\n");
}

TEST_CASE("a token is fetched once at a time, used until it ends, and renewed before") {
  TokenStore store(10);
  CHECK(store.begin(key(1), kStart).go == Go::fetch);
  CHECK(store.begin(key(1), kStart).go == Go::wait);
  CHECK(store.begin(key(2), kStart).go == Go::fetch);
  int told = 0;
  store.after_fetch(key(1), [&told] { ++told; });
  store.end(key(1), token("token-one"), kStart + 100s, kStart);
  CHECK(told == 1);
  store.after_fetch(key(1), [&told] { ++told; });
  CHECK(told == 2);
  CHECK(store.begin(key(1), kStart + 79s).go == Go::use);
  const auto due = store.begin(key(1), kStart + 80s);
  CHECK(due.go == Go::renew);
  CHECK(due.token);
  CHECK(store.begin(key(1), kStart + 81s).go == Go::use);
  store.end(key(1), nullptr, {}, kStart + 82s);  // it could not be renewed: the old one is good to its end
  CHECK(store.begin(key(1), kStart + 82s).go == Go::use);
  CHECK(store.begin(key(1), kStart + 83s).go == Go::renew);
  CHECK(store.begin(key(1), kStart + 100s).go == Go::wait);
  store.end(key(1), token("token-two"), kStart + 200s, kStart + 101s);
  CHECK(store.begin(key(1), kStart + 101s).token->line.reveal() == "authorization: Bearer token-two\r\n");
}

TEST_CASE("an endpoint that fails is left alone for a while, twice as long each time, a minute at most") {
  TokenStore store(10);
  TokenStore::Time now = kStart;
  for (const auto pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    REQUIRE(store.begin(key(1), now).go == Go::fetch);
    store.end(key(1), nullptr, {}, now);
    CHECK(store.begin(key(1), now + pause - 1ms).go == Go::no);
    now += pause;
  }
  CHECK(store.figures().failures == 8);
  REQUIRE(store.begin(key(1), now).go == Go::fetch);
  store.end(key(1), token("token-one"), now + 10s, now);
  REQUIRE(store.begin(key(1), now + 10s).go == Go::fetch);
  store.end(key(1), nullptr, {}, now + 10s);
  CHECK(store.begin(key(1), now + 11s).go == Go::fetch);  // a success has forgiven the failures
}

TEST_CASE("a token that its server refuses goes, but not one that has come since, and not more than one a second") {
  TokenStore store(10);
  REQUIRE(store.begin(key(1), kStart).go == Go::fetch);
  store.end(key(1), token("token-one"), kStart + 100s, kStart);
  const auto first = store.begin(key(1), kStart).token;
  store.drop(key(1), first.get(), kStart);
  CHECK(store.begin(key(1), kStart).go == Go::no);
  REQUIRE(store.begin(key(1), kStart + 1s).go == Go::fetch);
  store.end(key(1), token("token-two"), kStart + 100s, kStart + 1s);
  store.drop(key(1), first.get(), kStart + 1s);
  CHECK(store.begin(key(1), kStart + 1s).go == Go::use);
}

TEST_CASE("limits.upstream_tokens: what is used longest ago goes first, and what is being fetched stays") {
  TokenStore store(2);
  REQUIRE(store.begin(key(1), kStart).go == Go::fetch);
  store.end(key(1), token("token-one"), kStart + 100s, kStart);
  REQUIRE(store.begin(key(2), kStart + 1s).go == Go::fetch);
  store.end(key(2), token("token-two"), kStart + 100s, kStart + 1s);
  REQUIRE(store.begin(key(1), kStart + 2s).go == Go::use);
  REQUIRE(store.begin(key(3), kStart + 3s).go == Go::fetch);
  CHECK(store.begin(key(1), kStart + 3s).go == Go::use);
  CHECK(store.figures().held == 1);
  REQUIRE(store.begin(key(2), kStart + 4s).go == Go::fetch);  // 3 is being fetched: 1 went
  CHECK(store.begin(key(3), kStart + 4s).go == Go::wait);
}

TEST_CASE("threads: of many that need one token exactly one fetches it, and each of the others is told") {
  TokenStore store(10);
  std::atomic<int> fetching{0}, told{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      if (store.begin(key(1), kStart).go == Go::fetch) {
        ++fetching;
      } else {
        store.after_fetch(key(1), [&told] { ++told; });
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(fetching == 1);
  store.end(key(1), token("token-one"), kStart + 10s, kStart);
  CHECK(told == 7);
}
