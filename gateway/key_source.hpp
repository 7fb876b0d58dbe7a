#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "policy/jose/key_set.hpp"

namespace durward::gateway {

/// The key set of one issuer, shared by all loops: whoever finds that it should be fetched does so, one at a time, and the
/// others go on with what there is, or wait if there is nothing. Thread-safe; time is an argument.
class KeySource {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::hours kStale{24};           // a set that cannot be fetched anew is good for so long
  static constexpr std::chrono::seconds kUnknownPause{30};  // between fetches because of a key that is not in the set
  static constexpr std::chrono::seconds kFirstRetry{1};     // after a fetch that failed; doubled each time …
  static constexpr std::chrono::seconds kLastRetry{60};     // … up to this

  /// url: where it is fetched; absent: it is a file's, given by put() and good for ever.
  KeySource(std::string issuer, std::optional<config::Url> url) : issuer_(std::move(issuer)), url_(std::move(url)) {}
  const std::string& issuer() const { return issuer_; }
  const std::optional<config::Url>& url() const { return url_; }

  /// What can be used now: null if there is nothing, or nothing fresh enough.
  std::shared_ptr<const jose::KeySet> keys(Time now) const;
  /// Another number whenever the set is another one; 0: there has been none. No lock.
  std::uint64_t generation() const noexcept { return generation_.load(std::memory_order_acquire); }

  enum class Why : std::uint8_t {
    refresh,      // it is time
    nothing,      // there is no usable set
    unknown_key,  // a token names a key that is not in it
  };
  enum class Go : std::uint8_t { fetch, wait, no };
  /// Whether to fetch: then end() must follow. wait: somebody else is fetching. no: not now.
  Go begin(Why why, Time now);
  /// A fetch has ended. json: what came, absent if nothing did. fresh: for how long it says that it holds. Errors: what is
  /// wrong with it; then the set stays what it was.
  policy::Outcome<void, jose::Fault> end(const std::optional<std::string>& json, std::chrono::seconds fresh, Time now);
  /// Calls done once the fetch under way has ended, on the thread that ends it; at once if there is none.
  void after_fetch(std::function<void()> done);
  /// The set of a file. Errors as end().
  policy::Outcome<void, jose::Fault> put(const std::string& json, Time now);

  struct Figures {
    bool usable = false, failing = false;  // failing: the last fetch did, or there has been none
    std::size_t keys = 0;
    std::optional<std::chrono::steady_clock::duration> age;  // of the set
    std::uint64_t fetches = 0, failures = 0;
  };
  Figures figures(Time now) const;

 private:
  policy::Outcome<void, jose::Fault> take(const std::string& json, Time now);
  bool usable(Time now) const { return keys_ && (!url_ || now < fetched_ + kStale); }
  const std::string issuer_;
  const std::optional<config::Url> url_;
  std::atomic<std::uint64_t> generation_{0};
  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<const jose::KeySet> keys_;
  std::string text_;               // from which keys_ was read
  Time fetched_{}, next_{};        // of keys_; when to fetch again
  std::optional<Time> asked_;      // the last fetch because of an unknown key
  std::chrono::seconds pause_{0};  // after the next failure
  bool fetching_ = false, failing_ = true;
  std::uint64_t fetches_ = 0, failures_ = 0;
  std::vector<std::function<void()>> waiting_;
};

/// How long a key set is fresh, by its Cache-Control: 600 s where that says nothing; never below 60 s or above 24 h.
std::chrono::seconds key_set_lifetime(std::string_view cache_control);

/// The sources of all issuers: what was fetched is found again after a reload. Thread-safe.
class KeySources {
 public:
  /// The one of that issuer and URL, made when first asked for. Of a file a new one each time: a reload that is refused must
  /// leave what is in force as it was.
  std::shared_ptr<KeySource> of(const config::JwtAuthn& settings);

 private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<KeySource>> all_;  // by issuer, line feed, URL; those that somebody uses
};

}  // namespace durward::gateway
