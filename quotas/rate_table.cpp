#include "quotas/rate_table.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstring>

namespace durward::quotas {
namespace {

/// The first that does not pass, with the longest wait of both; if both pass, the one with less left.
Verdict worse(const Verdict& first, const Verdict& second) {
  Verdict out = !first.passes || (second.passes && first.left <= second.left) ? first : second;
  out.retry_after_ns = std::max(first.retry_after_ns, second.retry_after_ns);
  return out;
}

}  // namespace

RateTable::RateTable(std::size_t entries, const Seed& seed) : shards_(std::make_unique<Shard[]>(kShards)), seed_(seed) {
  constexpr std::size_t kStep = kWays * kShards;
  const std::size_t buckets = std::max<std::size_t>((entries + kStep - 1) / kStep, 1);
  for (std::size_t i = 0; i < kShards; ++i) shards_[i].buckets.resize(buckets);
}

RateTable::Seed RateTable::random_seed() {
  Seed seed;
  randombytes_buf(seed.data(), seed.size());
  return seed;
}

RateTable::Key RateTable::hash(std::string_view key) const {
  static_assert(crypto_shorthash_siphashx24_BYTES == sizeof(Key) && crypto_shorthash_siphashx24_KEYBYTES == sizeof(Seed));
  std::array<unsigned char, crypto_shorthash_siphashx24_BYTES> bytes{};
  crypto_shorthash_siphashx24(bytes.data(), reinterpret_cast<const unsigned char*>(key.data()), key.size(), seed_.data());
  Key out;
  std::memcpy(&out.high, bytes.data(), sizeof out.high);
  std::memcpy(&out.low, bytes.data() + sizeof out.high, sizeof out.low);
  return out;
}

Cell RateTable::find(const Bucket& bucket, const Key& key) {
  const auto* const found = std::find(bucket.keys.begin(), bucket.keys.end(), key);
  if (found == bucket.keys.end()) return bucket.floor;
  return bucket.cells[static_cast<std::size_t>(found - bucket.keys.begin())];
}

void RateTable::keep(Shard& shard, Bucket& bucket, const Key& key, Cell cell, std::int64_t now_ns) {
  const auto* place = std::find(bucket.keys.begin(), bucket.keys.end(), key);
  std::size_t at = static_cast<std::size_t>(place - bucket.keys.begin());
  if (at == kWays) {
    const auto* const soonest = std::min_element(bucket.cells.begin(), bucket.cells.end());
    at = static_cast<std::size_t>(soonest - bucket.cells.begin());
    if (*soonest > now_ns) {
      ++shard.evictions;
      bucket.floor = std::max(bucket.floor, std::min(*soonest, cell));
      if (cell <= *soonest) return;  // the newcomer is the one that goes
    }
  }
  bucket.keys[at] = key;
  bucket.cells[at] = cell;
}

Verdict RateTable::take(const Charge& charge, std::int64_t now_ns) {
  const Key key = hash(charge.key);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  Bucket& bucket = bucket_of(shard, key);
  const Verdict verdict = judge(charge.limit, find(bucket, key), charge.cost, now_ns);
  if (verdict.passes && charge.cost > 0) keep(shard, bucket, key, verdict.next, now_ns);
  return verdict;
}

Verdict RateTable::ask(const Charge& charge, std::int64_t now_ns) const {
  const Key key = hash(charge.key);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  return judge(charge.limit, find(bucket_of(shard, key), key), charge.cost, now_ns);
}

RateTable::Locks RateTable::lock(const Keys& keys, std::size_t count) const {
  std::array<std::size_t, kMostCharges> order{};
  for (std::size_t i = 0; i < count; ++i) order[i] = shard_index(keys[i]);
  // Always in the same order, so that no two threads wait for each other.
  std::sort(order.begin(), order.begin() + count);
  Locks locks;
  for (std::size_t i = 0; i < count; ++i) {
    if (i == 0 || order[i] != order[i - 1]) locks[i] = std::unique_lock(shards_[order[i]].mutex);
  }
  return locks;
}

Verdict RateTable::take_all(const std::vector<Charge>& charges, std::int64_t now_ns) {
  Verdict out;
  out.retry_after_ns = kNever;
  if (charges.empty() || charges.size() > kMostCharges) return out;
  Keys keys;
  for (std::size_t i = 0; i < charges.size(); ++i) keys[i] = hash(charges[i].key);
  const Locks locks = lock(keys, charges.size());

  std::array<Cell, kMostCharges> after{};
  for (std::size_t i = 0; i < charges.size(); ++i) {
    Cell cell = find(bucket_of(shard_of(keys[i]), keys[i]), keys[i]);
    for (std::size_t j = 0; j < i; ++j) {
      if (keys[j] == keys[i]) cell = after[j];
    }
    const Verdict verdict = judge(charges[i].limit, cell, charges[i].cost, now_ns);
    after[i] = verdict.next;
    out = i == 0 ? verdict : worse(out, verdict);
  }
  for (std::size_t i = 0; out.passes && i < charges.size(); ++i) {
    Shard& shard = shard_of(keys[i]);
    if (charges[i].cost > 0) keep(shard, bucket_of(shard, keys[i]), keys[i], after[i], now_ns);
  }
  return out;
}

bool RateTable::take_if(bool may, std::span<const Charge> charges, std::int64_t now_ns, std::span<Cell> before) {
  const std::size_t count = charges.size();
  Keys keys;
  for (std::size_t i = 0; i < count; ++i) keys[i] = hash(charges[i].key);
  const Locks locks = lock(keys, count);
  std::array<Cell, kMostCharges> after{};
  for (std::size_t i = 0; i < count; ++i) {
    before[i] = find(bucket_of(shard_of(keys[i]), keys[i]), keys[i]);
    const Verdict verdict = judge(charges[i].limit, before[i], charges[i].cost, now_ns);
    after[i] = verdict.next;
    may = may && verdict.passes;
  }
  for (std::size_t i = 0; may && i < count; ++i) {
    Shard& shard = shard_of(keys[i]);
    keep(shard, bucket_of(shard, keys[i]), keys[i], after[i], now_ns);
  }
  return may;
}

Cell* RateTable::entry(Shard& shard, const Key& key) {
  Bucket& bucket = bucket_of(shard, key);
  auto* const found = std::find(bucket.keys.begin(), bucket.keys.end(), key);
  return found == bucket.keys.end() ? nullptr : &bucket.cells[static_cast<std::size_t>(found - bucket.keys.begin())];
}

void RateTable::give_back(std::string_view key, std::int64_t amount_ns) {
  const Key hashed = hash(key);
  Shard& shard = shard_of(hashed);
  const std::lock_guard lock(shard.mutex);
  Cell* const cell = entry(shard, hashed);
  if (cell != nullptr && *cell != kIdle) *cell -= amount_ns;
}

void RateTable::forget(std::string_view key) {
  const Key hashed = hash(key);
  Shard& shard = shard_of(hashed);
  const std::lock_guard lock(shard.mutex);
  if (Cell* const cell = entry(shard, hashed)) *cell = kIdle;
}

std::size_t RateTable::capacity() const { return kShards * kWays * shards_[0].buckets.size(); }

std::uint64_t RateTable::evictions() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kShards; ++i) {
    const std::lock_guard lock(shards_[i].mutex);
    sum += shards_[i].evictions;
  }
  return sum;
}

}  // namespace durward::quotas
