#include "gateway/services.hpp"

#include "policy/jose/dpop.hpp"

namespace durward::gateway {

namespace {
constexpr unsigned kEgressCalls = 256;
}

bool Buffered::take(std::uint64_t bytes) noexcept {
  if (held_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= max_) return true;
  give(bytes);
  return false;
}

bool Held::grow_to(std::uint64_t bytes) noexcept {
  if (bytes <= bytes_) return true;
  const std::uint64_t more = bytes - bytes_;
  if (of_address_ && !of_address_->take(more)) return false;
  if (!all_.take(more)) {
    if (of_address_) of_address_->give(more);
    return false;
  }
  bytes_ = bytes;
  return true;
}

void Held::drop() noexcept {
  all_.give(bytes_);
  if (of_address_) of_address_->give(bytes_);
  bytes_ = staying_ = 0;
}

Buffered* Doormen::enter(const std::string& address) {
  std::lock_guard lock(mutex_);
  const auto known = visitors_.find(address);
  if (total_ >= all_ || (known != visitors_.end() && known->second.connections >= per_address_)) {
    ++refused_;
    return nullptr;
  }
  Visitor& visitor = visitors_.try_emplace(address, bytes_per_address_).first->second;
  ++visitor.connections;
  ++total_;
  return &visitor.held;
}

void Doormen::leave(const std::string& address) {
  std::lock_guard lock(mutex_);
  auto found = visitors_.find(address);
  if (found == visitors_.end()) return;
  if (--found->second.connections == 0) visitors_.erase(found);
  --total_;
}

unsigned Doormen::inside() const {
  std::lock_guard lock(mutex_);
  return total_;
}

std::uint64_t Doormen::refused() const {
  std::lock_guard lock(mutex_);
  return refused_;
}

bool Cap::enter() noexcept {
  if (used_.fetch_add(1, std::memory_order_relaxed) < max_) return true;
  leave();
  return false;
}

void Cap::rest() noexcept {
  idle_.fetch_add(1, std::memory_order_relaxed);
  leave();
}

bool Cap::wake() noexcept {
  if (!enter()) return false;
  forget();
  return true;
}

// What is https:// never goes in clear instead.
const TlsClient* Snapshot::tls_of(const config::Server& server) const {
  if (server.endpoint.scheme != "https") return nullptr;
  return tls->servers.at(server.name).get();
}

const TlsClient* Snapshot::tls_of(const config::Url& egress) const {
  if (egress.scheme != "https") return nullptr;
  if (!tls->egress) throw std::logic_error("a configuration without its TLS");
  return tls->egress.get();
}

namespace {

constexpr std::size_t kFailingAddresses = 1 << 16;

std::int64_t unix_s() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

Services::Services(const config::Settings& settings, audit::Ledger& l, SessionSealer sealer_,
                   std::vector<authn::HashKey> hash_keys_)
    : ledger_settings(settings.ledger),
      ledger(l),
      sealer(std::move(sealer_)),
      hash_keys(std::move(hash_keys_)),
      tokens(settings.limits.upstream_tokens),
      failed_authentications(kFailingAddresses, quotas::RateTable::random_seed()),
      // What was used before the start is not known here: no proof is good that could have been.
      proofs(quotas::ReplayCache::kDefault, quotas::ReplayCache::random_seed(), unix_s() + jose::kProofWindow + 1),
      buffered(settings.limits.buffered_bytes.count),
      doormen(settings.limits.connections_per_address, settings.limits.connections,
              settings.limits.buffered_bytes_per_address.count),
      tool_series(settings.admin.metrics_series),
      egress(kEgressCalls) {}

Cap& Services::cap(const std::string& server, unsigned max) {
  std::lock_guard lock(mutex_);
  std::unique_ptr<Cap>& cap = caps_[server];
  if (!cap) cap = std::make_unique<Cap>(max);
  return *cap;
}

}  // namespace durward::gateway
