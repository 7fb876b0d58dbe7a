#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "audit/ledger.hpp"
#include "config/settings.hpp"
#include "gateway/authn_methods.hpp"
#include "gateway/catalogue.hpp"
#include "gateway/credentials.hpp"
#include "gateway/destinations.hpp"
#include "gateway/handshakes.hpp"
#include "gateway/metrics_meters.hpp"
#include "gateway/origin.hpp"
#include "gateway/session_id.hpp"
#include "gateway/tls.hpp"
#include "quotas/rate_table.hpp"
#include "quotas/replay.hpp"

namespace durward::gateway {

/// Bytes held in bodies, answers and events by the whole process (limits.buffered_bytes). Thread-safe.
class Buffered {
 public:
  explicit Buffered(std::uint64_t max) : max_(max) {}
  bool take(std::uint64_t bytes) noexcept;
  void give(std::uint64_t bytes) noexcept { held_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::uint64_t held() const noexcept { return held_.load(std::memory_order_relaxed); }

 private:
  const std::uint64_t max_;
  std::atomic<std::uint64_t> held_{0};
};

/// One exchange's share of Buffered, given back when it goes. It counts against its caller's address, too, if it has one.
class Held {
 public:
  explicit Held(Buffered& all, Buffered* of_address = nullptr) : all_(all), of_address_(of_address) {}
  ~Held() { drop(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  bool grow_to(std::uint64_t bytes) noexcept;  // false: the process or the address is at its limit
  /// What is held so far stays until the end; also() counts what comes beside it.
  void stay() noexcept { staying_ = bytes_; }
  bool also(std::uint64_t bytes) noexcept { return grow_to(staying_ + bytes); }
  void drop() noexcept;

 private:
  Buffered& all_;
  Buffered* const of_address_;
  std::uint64_t bytes_ = 0, staying_ = 0;
};

/// Connections in all and per address (an IPv6 /64 counts as one). Thread-safe: one mutex, taken once a connection.
class Doormen {
 public:
  Doormen(unsigned per_address, unsigned all, std::uint64_t bytes_per_address)
      : per_address_(per_address), all_(all), bytes_per_address_(bytes_per_address) {}
  /// What the address holds, good until the leave() that answers this; null: no place.
  Buffered* enter(const std::string& address);
  void leave(const std::string& address);
  unsigned inside() const;
  std::uint64_t refused() const;  // ever

 private:
  struct Visitor {
    explicit Visitor(std::uint64_t bytes) : held(bytes) {}
    unsigned connections = 0;
    Buffered held;
  };
  const unsigned per_address_, all_;
  const std::uint64_t bytes_per_address_;
  mutable std::mutex mutex_;
  std::map<std::string, Visitor> visitors_;  // those with a connection
  unsigned total_ = 0;
  std::uint64_t refused_ = 0;
};

/// Connections to one upstream server over all loops (limits.upstream_connections). Thread-safe.
class Cap {
 public:
  explicit Cap(unsigned max) : max_(max) {}
  bool enter() noexcept;
  void leave() noexcept { used_.fetch_sub(1, std::memory_order_relaxed); }
  /// A connection that is used becomes idle; and back, where there is room; or is closed while idle.
  void rest() noexcept;
  bool wake() noexcept;
  void forget() noexcept { idle_.fetch_sub(1, std::memory_order_relaxed); }
  unsigned used() const noexcept { return used_.load(std::memory_order_relaxed); }
  unsigned idle() const noexcept { return idle_.load(std::memory_order_relaxed); }

 private:
  const unsigned max_;
  std::atomic<unsigned> used_{0}, idle_{0};
};

/// Everything that a reload replaces, as one immutable object: an exchange keeps the one that it began with.
struct Snapshot {
  config::Settings settings;
  std::shared_ptr<const policy::Rulebook> rules;
  Doorplate door;
  Destinations destinations{};
  std::shared_ptr<const Tls> tls = std::make_shared<const Tls>();
  std::shared_ptr<const AuthnMethods> authn{};        // who may call
  std::shared_ptr<const AuthnMethods> admin_authn{};  // who may read the metrics
  std::shared_ptr<const ProtectedResources> resources{};
  std::shared_ptr<const Credentials> credentials{};  // that servers are shown

  /// TLS towards a server of these settings, or towards whom the gateway asks itself; null: the URL is http://.
  const TlsClient* tls_of(const config::Server& server) const;
  const TlsClient* tls_of(const config::Url& egress) const;
};

/// What all loops share. Everything in it is immutable or says how it is synchronised.
struct Services {
  Services(const config::Settings& settings, audit::Ledger& l, SessionSealer sealer_, std::vector<authn::HashKey> hash_keys_);
  const config::Ledger ledger_settings;
  audit::Ledger& ledger;
  const SessionSealer sealer;
  const std::vector<authn::HashKey> hash_keys;  // of API keys
  Catalogues catalogues;
  KeySources key_sources;
  TokenStore tokens;                         // for servers
  quotas::RateTable failed_authentications;  // by address
  quotas::ReplayCache proofs;                // DPoP's, that were used
  Handshakes handshakes;
  Buffered buffered;
  Doormen doormen;
  ToolSeries tool_series;
  Cap egress;  // questions of our own that are under way
  /// The cap of a server; made when first asked for, and kept for good. Thread-safe.
  Cap& cap(const std::string& server, unsigned max);

 private:
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Cap>> caps_;
};

}  // namespace durward::gateway
