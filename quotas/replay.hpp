#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace durward::quotas {

/// Remembers until when something may not come a second time (DPoP's `jti`), in bounded memory, shared by threads. In this
/// process only: with more than one replica it stops no replay. What it remembers is a keyed hash of 64 bits, so that of a
/// million entries one stranger in 10^13 is refused by chance, and none can choose to be.
class ReplayCache {
 public:
  static constexpr std::int64_t kHorizon = 300;  // seconds ahead that it keeps anything
  static constexpr std::size_t kDefault = 1'000'000;

  enum class Answer : std::uint8_t {
    fresh,   // not seen: remembered from now on
    replay,  // seen
    full,    // no room to remember it: as good as seen, it is refused
    late,    // until is not ahead of now, or too far: it cannot be told whether it was seen
  };

  /// About that many entries at a time (a 64th of them in each of 64 shards), at least 64; memory grows with use, to 32 bytes
  /// each. seed makes the hash unpredictable: 16 bytes, random but in tests. after: what is good until then or earlier may have
  /// been seen before this cache began, and is late. For proofs that are good for W seconds: the start of the process plus W.
  using Seed = std::array<std::uint8_t, 16>;
  ReplayCache(std::size_t entries, const Seed& seed, std::int64_t after);
  static Seed random_seed();

  /// until and now in Unix seconds. An entry is kept until `until`, and up to 30 seconds longer. If the clock goes back, the
  /// latest time that was ever given counts: what could have been forgotten is late. Of two threads with the same key exactly
  /// one gets fresh.
  Answer insert(std::string_view key, std::int64_t until, std::int64_t now);

  std::size_t size() const;  // entries, some of which may be over

 private:
  static constexpr std::size_t kShards = 64;
  static constexpr std::int64_t kAge = 30;  // seconds whose entries go together
  static constexpr std::size_t kAges = static_cast<std::size_t>(kHorizon / kAge) + 2;

  /// A set of hashes, open addressing; 0 marks a free place.
  struct Hashes {
    std::vector<std::uint64_t> places;
    std::size_t used = 0;
    std::int64_t age = 0;  // until / kAge of its entries
    bool has(std::uint64_t hash) const;
    void add(std::uint64_t hash);
    void grow();
  };
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::array<Hashes, kAges> ages;
    std::size_t used = 0;
    std::int64_t latest = 0;  // the latest now
  };
  static void forget(Shard& shard);

  std::unique_ptr<Shard[]> shards_;
  std::size_t most_;  // of one shard
  Seed seed_;
  std::int64_t after_;
};

}  // namespace durward::quotas
