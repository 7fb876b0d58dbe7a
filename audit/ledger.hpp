#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "audit/keys.hpp"
#include "audit/platform.hpp"
#include "audit/record.hpp"
#include "config/settings.hpp"
#include "policy/outcome.hpp"

namespace durward::audit {

using config::Durability;

/// How many records each signed batch of this process held.
struct BatchSizes {
  static constexpr std::array<std::uint32_t, 12> kBounds{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048};
  std::array<std::uint64_t, kBounds.size() + 1> buckets{};  // batches by upper bound; the last: larger ones
  std::uint64_t records = 0;                                // in all of them
  void add(std::size_t size) noexcept;
  std::uint64_t count() const noexcept;  // of batches
};

/// What `boot` says of this process.
struct BootFacts {
  std::string gateway_version;
  std::string rulebook;           // digest
  std::uint64_t deadline_ms = 0;  // the longest call deadline: the verifier's bound for intents without outcome
  bool dev_key = false;
};

/// The append-only log of one gateway: queue, writer thread (orders, chains, signs, writes), sync thread (fdatasync).
/// Thread-safe. All durable work happens on its two threads; no caller ever waits inside a call.
class Ledger {
 public:
  /// Called once, on a ledger thread: the record has reached its durability class, or never will (reason ledger_unavailable).
  /// Must not block and must not throw.
  using Done = std::function<void(policy::Outcome<void>)>;

  /// Locks the directory, recovers a torn tail, writes the `boot` record and starts the threads. Errors are one sentence
  /// for the operator: no key, directory locked by another gateway, a log that does not verify, …
  static policy::Outcome<std::unique_ptr<Ledger>, std::string> open(const config::Ledger& settings, SigningKey key,
                                                                    const Keyring& keyring, const BootFacts& boot);
  /// The same with another machine underneath: for tests.
  static policy::Outcome<std::unique_ptr<Ledger>, std::string> open(const config::Ledger& settings, SigningKey key,
                                                                    const Keyring& keyring, const BootFacts& boot,
                                                                    const Platform& platform);
  /// Writes the `shutdown` record, waits for everything queued, and stops. Called by the destructor too.
  void close();
  ~Ledger();

  /// Whether a record appended now would find a place in a healthy writer's queue.
  bool healthy() const noexcept;
  /// Reserves a place in the queue, so that the record of a call that is under way cannot be refused. False: do not start the
  /// call.
  bool reserve() noexcept;
  /// Gives an unused reservation back.
  void release() noexcept;

  /// Queues a record. reserved: uses a place taken by reserve(). done may be empty. A record that finds no place is
  /// reported to done with ledger_unavailable at once, on the calling thread. While nothing becomes durable within the
  /// deadline, only reserved records and outcomes are queued. An intent that is reported as unavailable needs no outcome of the
  /// caller's: it is either never written, or closed with effect none.
  void append(const Record& record, Durability durability, bool reserved, Done done);

  /// A refusal before authentication: `buffered`, within ledger.anonymous_refusals_per_second, beyond it aggregated.
  /// address: the caller's, committed before it is written.
  void refuse_anonymous(const Record& record, std::string_view address);
  /// A refusal of an authenticated principal, within ledger.refusals_per_second for each; beyond it aggregated (done is then
  /// called at once, on the calling thread).
  void refuse(const Record& record, std::string_view principal_key, Durability durability, Done done);

  /// A commitment to foreign bytes (deploy/docs/ledger.md, "What a record says"): `hmac:<entry id>:<base64>`, or `hmac-raw:`
  /// with raw. bytes: X of the JSON value (of a name, its string token with quotes), or its raw bytes. Under the tenant's
  /// newest key; a tenant without keys of its own shares those of the tenant "".
  std::string commit(std::string_view tenant, std::string_view label, std::string_view bytes, bool raw) const;

  const std::string& origin() const;
  struct Numbers {
    std::uint64_t records, queued, at_risk;
    bool healthy;
    bool failed;  // a write or fsync error: some record was never made durable. Also after close()
    BatchSizes batches;
  };
  Numbers numbers() const noexcept;

 private:
  struct State;
  explicit Ledger(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace durward::audit
