#include "gateway/key_source.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "tests/policy/jose/signer.hpp"

using namespace durward;
using namespace durward::gateway;
using namespace std::chrono_literals;

namespace {

using Why = KeySource::Why;
using Go = KeySource::Go;
using std::chrono::seconds;

const KeySource::Time kStart{1000h};

config::Url url() { return {"https", "as.example.com", 443, "/jwks"}; }

std::string set(const std::string& kid) {
  static const tests::Signer signer(jose::Algorithm::eddsa);
  return R"({"keys":[{)" + signer.members() + R"(,"alg":"EdDSA","kid":")" + kid + R"("}]})";
}

void fetched(KeySource& source, const std::string& json, KeySource::Time now, seconds fresh = 600s) {
  REQUIRE(source.end(json, fresh, now));
}

}  // namespace

TEST_CASE("a key set is fetched once at a time, and whoever comes meanwhile waits for that") {
  KeySource source("https://as.example.com", url());
  CHECK_FALSE(source.keys(kStart));
  CHECK(source.begin(Why::nothing, kStart) == Go::fetch);
  CHECK(source.begin(Why::nothing, kStart) == Go::wait);
  CHECK(source.begin(Why::unknown_key, kStart) == Go::wait);
  CHECK(source.begin(Why::refresh, kStart) == Go::wait);
  int told = 0;
  source.after_fetch([&told] { ++told; });
  source.after_fetch([&told] { ++told; });
  CHECK(told == 0);
  fetched(source, set("a"), kStart);
  CHECK(told == 2);
  source.after_fetch([&told] { ++told; });
  CHECK(told == 3);
  CHECK(source.keys(kStart));
  CHECK(source.begin(Why::nothing, kStart) == Go::no);
}

TEST_CASE("of ten thousand who meet an expired key set one fetches, and nobody is without keys") {
  KeySource source("i", url());
  REQUIRE(source.begin(Why::refresh, kStart) == Go::fetch);
  fetched(source, set("a"), kStart, 60s);
  const auto late = kStart + 1h;
  std::atomic<int> fetches{0}, without{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 2500; ++i) {
        if (!source.keys(late)) ++without;
        if (source.begin(Why::refresh, late) == Go::fetch) ++fetches;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(fetches == 1);
  CHECK(without == 0);
}

TEST_CASE("a key set is fetched anew before it has gone stale: after four fifths of its time") {
  KeySource source("i", url());
  REQUIRE(source.begin(Why::refresh, kStart) == Go::fetch);
  fetched(source, set("a"), kStart, 600s);
  CHECK(source.begin(Why::refresh, kStart + 479s) == Go::no);
  CHECK(source.begin(Why::refresh, kStart + 480s) == Go::fetch);
}

TEST_CASE("an unknown key is looked for at most once in thirty seconds") {
  KeySource source("i", url());
  REQUIRE(source.begin(Why::refresh, kStart) == Go::fetch);
  fetched(source, set("a"), kStart);
  int fetches = 0;
  for (int i = 0; i < 100'000; ++i) {  // 100 seconds, a thousand a second
    const auto now = kStart + std::chrono::milliseconds(i);
    if (source.begin(Why::unknown_key, now) != Go::fetch) continue;
    ++fetches;
    fetched(source, set("a"), now);
  }
  CHECK(fetches == 4);
}

TEST_CASE("a key set that cannot be fetched is good for a day, and is asked for less and less often") {
  KeySource source("i", url());
  REQUIRE(source.begin(Why::refresh, kStart) == Go::fetch);
  fetched(source, set("a"), kStart);
  CHECK_FALSE(source.figures(kStart).failing);
  auto now = kStart + 480s;
  for (const seconds pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    REQUIRE(source.begin(Why::refresh, now) == Go::fetch);
    CHECK(source.end(std::nullopt, 0s, now));
    CHECK(source.begin(Why::refresh, now + pause - 1ms) == Go::no);
    now += pause;
  }
  CHECK(source.figures(now).failing);
  CHECK(source.figures(now).usable);
  CHECK(source.keys(kStart + 24h - 1s));
  CHECK_FALSE(source.keys(kStart + 24h));
  CHECK_FALSE(source.figures(kStart + 24h).usable);
  CHECK(source.begin(Why::nothing, kStart + 24h) == Go::fetch);
  fetched(source, set("b"), kStart + 24h);
  CHECK(source.keys(kStart + 24h));
  CHECK_FALSE(source.figures(kStart + 24h).failing);
}

TEST_CASE("what is no key set changes nothing, and what is the same set is no new one") {
  KeySource source("i", url());
  CHECK(source.generation() == 0);
  REQUIRE(source.begin(Why::refresh, kStart) == Go::fetch);
  fetched(source, set("a"), kStart);
  const auto first = source.keys(kStart);
  CHECK(source.generation() == 1);
  for (const char* bad : {"", "{}", "[]", R"({"keys":[{"kty":"oct","k":"AA"}]})"}) {
    const auto now = kStart + 25h;
    REQUIRE(source.begin(Why::unknown_key, now) != Go::wait);
    CHECK_FALSE(source.end(std::string(bad), 600s, now));
    CHECK(source.generation() == 1);
  }
  const auto now = kStart + 26h;
  CHECK_FALSE(source.keys(now));
  REQUIRE(source.begin(Why::nothing, now) == Go::fetch);
  fetched(source, set("a"), now);
  CHECK(source.generation() == 1);
  CHECK(source.keys(now) == first);
  REQUIRE(source.begin(Why::unknown_key, now + 31s) == Go::fetch);
  fetched(source, set("b"), now + 31s);
  CHECK(source.generation() == 2);
  CHECK(source.keys(now + 31s) != first);
}

TEST_CASE("a set without a key that can be used is fetched, but is not good for anything") {
  KeySource source("i", url());
  REQUIRE(source.begin(Why::refresh, kStart) == Go::fetch);
  fetched(source, R"({"keys":[]})", kStart);
  CHECK_FALSE(source.figures(kStart).usable);
}

TEST_CASE("a file's keys are never fetched and never stale") {
  KeySource source("i", std::nullopt);
  REQUIRE(source.put(set("a"), kStart));
  CHECK(source.begin(Why::refresh, kStart + 100h) == Go::no);
  CHECK(source.begin(Why::unknown_key, kStart + 100h) == Go::no);
  CHECK(source.keys(kStart + 1000h));
  CHECK_FALSE(source.put("{}", kStart));
}

TEST_CASE("Cache-Control says how long a key set is fresh, within bounds") {
  const std::pair<const char*, seconds> cases[] = {
      {"", 600s},
      {"public", 600s},
      {"max-age=900", 900s},
      {"public, Max-Age=900", 900s},
      {"max-age=\"900\"", 900s},
      {"max-age=900, max-age=300", 300s},
      {"max-age=5", 60s},
      {"max-age=0", 60s},
      {"no-store", 60s},
      {"no-cache, max-age=900", 60s},
      {"max-age=99999999", 24h},
      {"max-age=99999999999999999999", 24h},
      {"max-age=-1", 600s},
      {"max-age=1e3", 600s},
      {"max-age=", 600s},
      {"s-maxage=900", 600s},
      {",,max-age=120,,", 120s},
  };
  for (const auto& [text, wanted] : cases) {
    INFO(text);
    CHECK(key_set_lifetime(text) == wanted);
  }
}

TEST_CASE("a URL's key set is found again after a reload, a file's is a new one") {
  KeySources sources;
  config::JwtAuthn one;
  one.issuer.value = "https://as.example.com";
  one.jwks.value = "https://as.example.com/jwks";
  const auto first = sources.of(one);
  REQUIRE(first->url());
  CHECK(first->url()->host == "as.example.com");
  CHECK(sources.of(one) == first);
  config::JwtAuthn other = one;
  other.jwks.value = "https://as.example.com/other";
  CHECK(sources.of(other) != first);
  other = one;
  other.issuer.value = "https://b.example.com";
  CHECK(sources.of(other) != first);
  one.jwks.value = "file:///keys.json";
  const auto file = sources.of(one);
  CHECK_FALSE(file->url());
  CHECK(sources.of(one) != file);
}
