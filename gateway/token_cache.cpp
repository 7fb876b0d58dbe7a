#include "gateway/token_cache.hpp"

#include <algorithm>
#include <cstring>

namespace durward::gateway {

// A SHA-256 is a hash already, and of what nobody can choose the hash of.
std::size_t TokenCache::Hasher::operator()(const crypto::Hash& hash) const noexcept {
  std::size_t out = 0;
  std::memcpy(&out, hash.data(), sizeof out);
  return out;
}

const TokenCache::Verified* TokenCache::find(const crypto::Hash& token, Time now) {
  const auto place = places_.find(token);
  if (place == places_.end()) return nullptr;
  if (now >= place->second->until) {
    entries_.erase(place->second);
    places_.erase(place);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, place->second);
  return &place->second->verified;
}

const TokenCache::Verified* TokenCache::put(const crypto::Hash& token, Verified verified, std::chrono::seconds lives,
                                            Time now) {
  drop(token);
  shrink(most_ - 1);
  entries_.push_front({token, now + std::min(lives, kLongest), std::move(verified)});
  places_.emplace(token, entries_.begin());
  return &entries_.front().verified;
}

void TokenCache::drop(const crypto::Hash& token) {
  const auto place = places_.find(token);
  if (place == places_.end()) return;
  entries_.erase(place->second);
  places_.erase(place);
}

void TokenCache::clear() {
  places_.clear();
  entries_.clear();
}

void TokenCache::limit(std::size_t most) {
  most_ = most;
  shrink(most);
}

void TokenCache::shrink(std::size_t most) {
  while (entries_.size() > most) {
    places_.erase(entries_.back().token);
    entries_.pop_back();
  }
}

}  // namespace durward::gateway
