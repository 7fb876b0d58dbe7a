#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "config/secret.hpp"
#include "gateway/secret_echo.hpp"
#include "gateway/token_answer.hpp"
#include "policy/digest.hpp"

namespace durward::gateway {

/// What a server is shown: a whole header line with its CRLF, and how to find the secret in it again. Immutable.
struct ShownCredential {
  ShownCredential(std::string_view name, std::string_view prefix, std::string_view secret);
  const config::Secret line;
  const SecretEcho echo;
};

/// The tokens that the gateway holds for servers, shared by all loops. For each key (who, for which server, from which
/// endpoint) one loop at a time fetches, and the others go on with the old one, or wait if there is none. Thread-safe; time is
/// an argument.
class TokenStore {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Key = crypto::Hash;
  static constexpr std::chrono::seconds kFirstRetry{1};  // after a fetch that failed; doubled each time …
  static constexpr std::chrono::seconds kLastRetry{60};  // … up to this

  explicit TokenStore(std::size_t most) : most_(most) {}
  void limit(std::size_t most);  // limits.upstream_tokens

  enum class Go : std::uint8_t {
    use,
    renew,  // use it, and fetch another: end() must follow
    fetch,  // there is none: end() must follow
    wait,   // somebody else is fetching the first: see after_fetch
    no,     // the last fetch failed a moment ago
  };
  struct Found {
    Go go = Go::no;
    std::shared_ptr<const ShownCredential> token;  // of use and renew
  };
  Found begin(const Key& key, Time now);
  /// A fetch has ended. token: null if none came. until: from when on it may not be used.
  void end(const Key& key, std::shared_ptr<const ShownCredential> token, Time until, Time now);
  /// Calls done once the fetch under way has ended, on the thread that ends it; at once if there is none.
  void after_fetch(const Key& key, std::function<void()> done);
  /// The server does not take it: it is not used again. Not another one that has come since.
  void drop(const Key& key, const ShownCredential* token, Time now);

  struct Figures {
    std::size_t held = 0;
    std::uint64_t fetches = 0, failures = 0;
  };
  Figures figures() const;

 private:
  struct Slot {
    std::shared_ptr<const ShownCredential> token;
    Time fetched{}, until{}, renew{}, next{}, used{};
    std::chrono::seconds pause{0};  // after the next failure
    bool fetching = false;
    std::vector<std::function<void()>> waiting;
  };
  void make_room(Time now);
  mutable std::mutex mutex_;  // guards what follows
  std::size_t most_;
  std::map<Key, Slot> slots_;
  std::uint64_t fetches_ = 0, failures_ = 0;
};

}  // namespace durward::gateway
