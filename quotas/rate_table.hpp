#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "quotas/gcra.hpp"

namespace durward::quotas {

/// What one request asks of one limit. A key is used with one limit only: put the limit's name into it.
struct Charge {
  std::string_view key;
  Limit limit;
  std::int64_t cost = 1;
};

/// Rates of many keys in bounded memory, shared by threads. Keys are kept as keyed hashes of 128 bits, 24 bytes an entry.
///
/// It never forgets in a key's favour. An entry whose bucket is full again is as good as none, and goes first. Where a bucket
/// of the table has only others, the one that would be full again soonest goes, and from then on every key that is not in that
/// bucket counts as if it had been that one: an evicted key gets nothing back, and a stranger may get less, until that time
/// has passed. So what passes is never more than what an unbounded table would let pass. The price: where more keys than
/// there are entries are in use at once, every further table of keys costs each stranger about one unit of its burst.
class RateTable {
 public:
  /// entries is rounded up to a multiple of 1,024, at least one; memory is taken at once. seed makes the hash unpredictable: 16
  /// bytes, random but in tests.
  using Seed = std::array<std::uint8_t, 16>;
  RateTable(std::size_t entries, const Seed& seed);
  static Seed random_seed();

  /// Takes cost units of key if they pass.
  Verdict take(const Charge& charge, std::int64_t now_ns);
  /// All or nothing: takes every charge if each passes, else none. Returns the verdict of the first that does not pass, with
  /// the longest retry_after_ns of all, or that of the charge with the least left. Several charges of one key add up. At most
  /// 16 charges, more are refused; none pass.
  Verdict take_all(const std::vector<Charge>& charges, std::int64_t now_ns);
  /// The same for 1 to 16 charges of different keys, which besides them something else may veto: takes them only if `may`.
  /// before: as many cells, which get each key's state before it. True: they were taken.
  bool take_if(bool may, std::span<const Charge> charges, std::int64_t now_ns, std::span<Cell> before);
  /// Gives back what a take took, interval × cost. Where the key's entry was evicted, nothing.
  void give_back(std::string_view key, std::int64_t amount_ns);
  /// As if key had never taken anything, where it has an entry.
  void forget(std::string_view key);
  /// What take would say. Takes nothing: between this and a later take others may come first, so a limit that is asked before
  /// and taken after an effect may be overshot by as many as are in between, one a thread.
  Verdict ask(const Charge& charge, std::int64_t now_ns) const;

  std::size_t capacity() const;
  std::uint64_t evictions() const;  // of entries that were not yet full again, since the start: a sign of a flood

 private:
  static constexpr std::size_t kWays = 16;
  static constexpr std::size_t kShards = 64;
  static constexpr std::size_t kMostCharges = 16;
  struct Key {
    std::uint64_t high = 0, low = 0;
    bool operator==(const Key&) const = default;
  };
  struct Bucket {
    std::array<Key, kWays> keys{};
    std::array<Cell, kWays> cells{};
    Cell floor = kIdle;  // of every key that is not among them
    Bucket() { cells.fill(kIdle); }
  };
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::vector<Bucket> buckets;
    std::uint64_t evictions = 0;
  };
  Key hash(std::string_view key) const;
  using Keys = std::array<Key, kMostCharges>;
  using Locks = std::array<std::unique_lock<std::mutex>, kMostCharges>;
  Locks lock(const Keys& keys, std::size_t count) const;
  Cell* entry(Shard& shard, const Key& key);  // null: none
  static std::size_t shard_index(const Key& key) { return static_cast<std::size_t>(key.high % kShards); }
  Shard& shard_of(const Key& key) const { return shards_[shard_index(key)]; }
  static Bucket& bucket_of(Shard& shard, const Key& key) { return shard.buckets[key.low % shard.buckets.size()]; }
  static Cell find(const Bucket& bucket, const Key& key);
  static void keep(Shard& shard, Bucket& bucket, const Key& key, Cell cell, std::int64_t now_ns);

  std::unique_ptr<Shard[]> shards_;
  Seed seed_;
};

}  // namespace durward::quotas
