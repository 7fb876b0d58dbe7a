#include "quotas/replay.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstring>

namespace durward::quotas {

bool ReplayCache::Hashes::has(std::uint64_t hash) const {
  if (places.empty()) return false;
  const std::size_t mask = places.size() - 1;
  for (std::size_t at = hash & mask; places[at] != 0; at = (at + 1) & mask) {
    if (places[at] == hash) return true;
  }
  return false;
}

void ReplayCache::Hashes::add(std::uint64_t hash) {
  if (2 * (used + 1) > places.size()) grow();
  const std::size_t mask = places.size() - 1;
  std::size_t at = hash & mask;
  while (places[at] != 0) at = (at + 1) & mask;
  places[at] = hash;
  ++used;
}

void ReplayCache::Hashes::grow() {
  const std::vector<std::uint64_t> old = std::move(places);
  places.assign(std::max<std::size_t>(2 * old.size(), 16), 0);
  used = 0;
  for (const std::uint64_t hash : old) {
    if (hash != 0) add(hash);
  }
}

ReplayCache::ReplayCache(std::size_t entries, const Seed& seed, std::int64_t after)
    : shards_(std::make_unique<Shard[]>(kShards)),
      most_(std::max<std::size_t>(entries / kShards, 1)),
      seed_(seed),
      after_(after) {}

ReplayCache::Seed ReplayCache::random_seed() {
  Seed seed;
  randombytes_buf(seed.data(), seed.size());
  return seed;
}

/// Drops what is over.
void ReplayCache::forget(Shard& shard) {
  for (Hashes& each : shard.ages) {
    if (each.used == 0 || (each.age + 1) * kAge > shard.latest) continue;
    shard.used -= each.used;
    each = Hashes();
  }
}

ReplayCache::Answer ReplayCache::insert(std::string_view key, std::int64_t until, std::int64_t now) {
  static_assert(crypto_shorthash_siphash24_KEYBYTES == sizeof(Seed));
  std::array<unsigned char, crypto_shorthash_siphash24_BYTES> bytes{};
  crypto_shorthash_siphash24(bytes.data(), reinterpret_cast<const unsigned char*>(key.data()), key.size(), seed_.data());
  std::uint64_t hash = 0;
  std::memcpy(&hash, bytes.data(), sizeof hash);
  if (hash == 0) hash = 1;

  Shard& shard = shards_[hash >> 58];
  const std::lock_guard lock(shard.mutex);
  shard.latest = std::max(shard.latest, now);
  if (until <= shard.latest || until <= after_ || until > shard.latest + kHorizon) return Answer::late;
  forget(shard);
  const auto seen = [hash](const Hashes& each) { return each.has(hash); };
  if (std::any_of(shard.ages.begin(), shard.ages.end(), seen)) return Answer::replay;
  if (shard.used >= most_) return Answer::full;
  Hashes& age = shard.ages[static_cast<std::size_t>(until / kAge) % kAges];
  age.age = until / kAge;
  age.add(hash);
  ++shard.used;
  return Answer::fresh;
}

std::size_t ReplayCache::size() const {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < kShards; ++i) {
    const std::lock_guard lock(shards_[i].mutex);
    sum += shards_[i].used;
  }
  return sum;
}

}  // namespace durward::quotas
