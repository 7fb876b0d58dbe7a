#include "quotas/memory_store.hpp"

#include <mutex>
#include <unordered_map>
#include <utility>

#include "quotas/bounds.hpp"
#include "quotas/claiming.hpp"
#include "quotas/guards.hpp"
#include "quotas/local_quotas.hpp"
#include "quotas/meter.hpp"

namespace durward::quotas {
namespace {

constexpr std::int64_t kSweepMs = 1'000;
constexpr std::size_t kOfARecord = 512;  // besides its texts, about

std::size_t bytes_of(const std::string& key, const Kept& kept) {
  return kOfARecord + 2 * key.size() + kept.result.size() + kept.digest.size() + kept.consumed.size() + kept.pending.size();
}

class MemoryStore final : public Store {
 public:
  MemoryStore(const MemorySize& size, Clock clock)
      : clock_(std::move(clock)), most_(size.record_bytes), quotas_(size.rates, size.keys, false), guards_(size.keys) {}

  void take(std::vector<Demand> demands, Done<Taken> done) override {
    if (refuses(check(demands), done)) return;
    Answer<Taken> out = quotas_.take(demands, clock_());
    if (!out) meter_.count(out.error());
    done(std::move(out));
  }
  void settle(Receipt receipt, Settlement settlement, Done<void> done) override {
    if (refuses(check(receipt, settlement), done)) return;
    quotas_.settle(receipt, settlement, clock_());
    done({});
  }
  void look(std::vector<Demand> demands, Done<std::vector<Standing>> done) override {
    if (!refuses(check(demands), done)) done(quotas_.look(demands, clock_()));
  }
  void reset(std::vector<std::string> keys, Done<void> done) override {
    if (refuses(check(keys), done)) return;
    quotas_.reset(keys);
    done({});
  }

  void claim(Claim claim, Done<Claimed> done) override {
    if (refuses(check(claim), done)) return;
    std::unique_lock lock(mutex_);
    const std::int64_t now = now_ms();
    if (!room(claim.key, now)) {
      lock.unlock();
      return meter_.fail(done, full());
    }
    Claimed out;
    change(claim.key, [&](Slot& slot) { out = quotas::claim(slot, claim, now); });
    if (out.kind == Claimed::Kind::fresh) out.duplicate = guards_.seen(claim, now);
    lock.unlock();
    done(std::move(out));
  }
  void move(Move move, Done<Moved> done) override {
    if (refuses(check(move), done)) return;
    done(changed(move.key, [&](Slot& slot) { return quotas::move(slot, move, now_ms()); }));
  }
  void release(std::string key, std::string token, std::uint64_t fence, Done<Moved> done) override {
    if (refuses(check_holder(key, token), done)) return;
    done(changed(key, [&](Slot& slot) { return quotas::release(slot, token, fence, now_ms()); }));
  }
  void find(std::string key, Done<std::optional<Record>> done) override {
    if (refuses(check_key(key), done)) return;
    std::unique_lock lock(mutex_);
    const auto found = records_.find(key);
    auto out = found == records_.end() ? std::nullopt : view(found->second, now_ms());
    lock.unlock();
    done(std::move(out));
  }
  void resolve(Resolution resolution, Done<Moved> done) override {
    if (refuses(check(resolution), done)) return;
    done(changed(resolution.key, [&](Slot& slot) { return quotas::resolve(slot, resolution, now_ms()); }));
  }

  Health health() const override {
    Health out = meter_.read();
    out.reachable = !closed_;
    out.evictions = quotas_.evictions();
    return out;
  }
  void close() override { closed_ = true; }

 private:
  template <class T>
  bool refuses(std::optional<Fault> fault, const Done<T>& done) {
    if (!fault && closed_) fault = closed();
    if (fault) meter_.fail(done, *std::move(fault));
    return fault.has_value();
  }
  static Fault full() { return {Fault::Kind::unavailable, "idempotency records fill state.record_bytes"}; }
  std::int64_t now_ms() const { return clock_() / 1000; }

  template <class Step>
  void change(const std::string& key, Step step) {
    const auto found = records_.find(key);
    Slot slot;
    if (found != records_.end()) {
      bytes_ -= bytes_of(key, found->second);
      slot = std::move(found->second);
    }
    step(slot);
    if (slot) {
      bytes_ += bytes_of(key, *slot);
      records_.insert_or_assign(key, *std::move(slot));
    } else if (found != records_.end()) {
      records_.erase(found);
    }
  }
  template <class Step>
  Moved changed(const std::string& key, Step step) {
    const std::lock_guard lock(mutex_);
    Moved out = Moved::fenced;
    change(key, [&](Slot& slot) { out = step(slot); });
    return out;
  }

  /// Whether a claim of the key may make a record. Results come later, and are kept even where they pass the bound: what was
  /// sent is known.
  bool room(const std::string& key, std::int64_t now_ms) {
    if (bytes_ < most_ || records_.contains(key)) return true;
    if (now_ms - swept_ >= kSweepMs) {
      swept_ = now_ms;
      std::erase_if(records_, [&](const auto& each) {
        const bool over = each.second.expires <= now_ms;
        if (over) bytes_ -= bytes_of(each.first, each.second);
        return over;
      });
    }
    return bytes_ < most_;
  }

  const Clock clock_;
  const std::size_t most_;
  LocalQuotas quotas_;
  Meter meter_;
  std::atomic<bool> closed_ = false;
  std::mutex mutex_;  // of all below
  std::unordered_map<std::string, Kept> records_;
  std::size_t bytes_ = 0;
  std::int64_t swept_ = 0;
  Guards guards_;
};

}  // namespace

std::unique_ptr<Store> memory_store(const MemorySize& size, Clock clock) {
  return std::make_unique<MemoryStore>(size, std::move(clock));
}

}  // namespace durward::quotas
