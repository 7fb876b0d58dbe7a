#include "quotas/bounds.hpp"

#include <algorithm>

namespace durward::quotas {
namespace {

using std::chrono::hours;

constexpr milliseconds kLongest = hours(24 * 30);
constexpr milliseconds kLongestGuard = hours(24);

std::optional<Fault> invalid(const char* what) { return Fault{Fault::Kind::invalid, what}; }

bool within(std::size_t size, std::size_t most) { return size >= 1 && size <= most; }
bool lasts(milliseconds time, milliseconds most = kLongest) { return time >= milliseconds(1) && time <= most; }
bool counts(std::int64_t amount, std::int64_t most = kMostAmount) { return amount >= 0 && amount <= most; }

bool sound(const Rate&) { return true; }  // Rate::make
bool sound(const Budget& budget) { return counts(budget.allowance) && counts(budget.amount); }
bool sound(const Concurrency& places) { return counts(places.most, kMostPlaces) && lasts(places.life); }

bool sound(const Fingerprint& print) {
  return within(print.key_id.size(), kFingerprintBytes) && within(print.digest.size(), kFingerprintBytes);
}

}  // namespace

std::optional<Fault> check_key(const std::string& key) {
  return within(key.size(), kKeyBytes) ? std::nullopt : invalid("a key is 1 to 256 bytes");
}

std::optional<Fault> check_holder(const std::string& key, const std::string& token) {
  if (auto fault = check_key(key)) return fault;
  return within(token.size(), kTokenBytes) ? std::nullopt : invalid("a token is 1 to 64 bytes");
}

std::optional<Fault> check(const std::vector<Demand>& demands) {
  if (!within(demands.size(), kMostDemands)) return invalid("1 to 16 demands are taken at once");
  for (std::size_t i = 0; i < demands.size(); ++i) {
    const Demand& each = demands[i];
    if (auto fault = check_key(each.key)) return fault;
    if (!std::visit([](const auto& of) { return sound(of); }, each.of)) return invalid("a demand is out of bounds");
    for (std::size_t j = 0; j < i; ++j) {
      if (demands[j].key == each.key && demands[j].of.index() == each.of.index()) return invalid("a key is demanded twice");
    }
  }
  return std::nullopt;
}

std::optional<Fault> check(const Receipt& receipt, const Settlement& settlement) {
  if (receipt.held.size() > kMostDemands) return invalid("a receipt holds at most 16");
  if (receipt.id.size() > kTokenBytes) return invalid("no receipt of a store's");
  const bool good = std::all_of(receipt.held.begin(), receipt.held.end(), [](const Receipt::Held& held) {
    return within(held.key.size(), kKeyBytes) && counts(held.amount) && held.window >= 0 && held.end >= held.window;
  });
  if (!good) return invalid("no receipt of a store's");
  for (const Settlement::Actual& each : settlement.actual) {
    if (!counts(each.amount)) return invalid("an amount is 0 to 10^15");
  }
  return std::nullopt;
}

std::optional<Fault> check(const std::vector<std::string>& keys) {
  if (!within(keys.size(), kMostDemands)) return invalid("1 to 16 keys are reset at once");
  for (const std::string& key : keys) {
    if (auto fault = check_key(key)) return fault;
  }
  return std::nullopt;
}

std::optional<Fault> check(const Claim& claim) {
  if (auto fault = check_holder(claim.key, claim.token)) return fault;
  const bool known =
      within(claim.fingerprints.size(), kFingerprints) &&
      std::all_of(claim.fingerprints.begin(), claim.fingerprints.end(), [](const auto& each) { return sound(each); });
  if (!known) return invalid("a claim has 1 to 8 fingerprints");
  if (!lasts(claim.lease) || !lasts(claim.ttl) || claim.ttl < claim.lease) return invalid("a lease or a life is out of bounds");
  if (claim.state.size() > kTokenBytes || claim.answer.size() > kTokenBytes) return invalid("a digest is at most 64 bytes");
  if (!claim.state.empty() && claim.answer.empty())
    return invalid("a call that brings a requestState has a digest of its answer");
  if (claim.rounds_max < 1 || claim.rounds_max > kRoundsMax) return invalid("there are 1 to 100 rounds");
  if (claim.guard.empty()) return std::nullopt;
  if (claim.guard.size() > kKeyBytes || !lasts(claim.guard_window, kLongestGuard)) return invalid("a guard is out of bounds");
  return std::nullopt;
}

std::optional<Fault> check(const Move& move) {
  if (auto fault = check_holder(move.key, move.token)) return fault;
  if (move.to == State::claimed) return invalid("nothing moves to claimed");
  if (move.result.size() > kSealedBytes) return invalid("a result is too large to keep");
  if (move.state.size() > kTokenBytes || move.entry.size() > kTokenBytes) return invalid("a digest or entry is too long");
  if (!lasts(move.ttl)) return invalid("a life is out of bounds");
  if (move.to == State::sent && (!lasts(move.lease) || move.ttl < move.lease)) return invalid("a lease is out of bounds");
  return std::nullopt;
}

std::optional<Fault> check(const Resolution& resolution) {
  if (auto fault = check_key(resolution.key)) return fault;
  if (resolution.result.size() > kSealedBytes) return invalid("a result is too large to keep");
  if (resolution.happened && !lasts(resolution.ttl)) return invalid("a life is out of bounds");
  return std::nullopt;
}

}  // namespace durward::quotas
