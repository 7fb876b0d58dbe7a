#pragma once
#include <chrono>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>

#include "policy/digest.hpp"
#include "policy/jose/claims.hpp"
#include "policy/principal.hpp"

namespace durward::gateway {

/// What a verified token says, by the token's SHA-256: never the token. For one loop, and one configuration: whoever has
/// another one clears it. What is found still has to be checked against time and request.
class TokenCache {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kLongest{60};

  struct Verified {
    std::size_t issuer;        // its index
    std::uint64_t generation;  // of the key set that verified it
    policy::Principal principal;
    jose::Registered claims;
  };

  explicit TokenCache(std::size_t most) : most_(most) {}
  /// Null: not there, or no longer good. Valid until the next put() or clear().
  const Verified* find(const crypto::Hash& token, Time now);
  /// lives: until its expiry; at most kLongest counts. Forgets what was not used for longest, where there is no room.
  const Verified* put(const crypto::Hash& token, Verified verified, std::chrono::seconds lives, Time now);
  void drop(const crypto::Hash& token);
  void clear();
  void limit(std::size_t most);
  std::size_t size() const { return places_.size(); }

 private:
  struct Hasher {
    std::size_t operator()(const crypto::Hash& hash) const noexcept;
  };
  struct Entry {
    crypto::Hash token;
    Time until;
    Verified verified;
  };
  void shrink(std::size_t most);
  std::size_t most_;
  std::list<Entry> entries_;  // the latest used first
  std::unordered_map<crypto::Hash, std::list<Entry>::iterator, Hasher> places_;
};

}  // namespace durward::gateway
