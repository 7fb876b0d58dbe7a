#include "audit/flood.hpp"

#include <algorithm>

namespace durward::audit {
namespace {
constexpr std::size_t kWatched = 64;       // addresses counted at a time
constexpr std::size_t kNamed = 8;          // addresses in an aggregate
constexpr std::size_t kPrincipals = 4096;  // budgets held at a time
}  // namespace

bool Budget::spend(std::int64_t now_ms) {
  if (second_ != now_ms / 1000) {
    second_ = now_ms / 1000;
    spent_ = 0;
  }
  if (spent_ >= per_second_) return false;
  ++spent_;
  return true;
}

void Budget::count(const Record& record, std::string_view address, std::int64_t now_ms) {
  if (flood_.count++ == 0) {
    flood_.sample = record;
    flood_.first_ms = now_ms;
  }
  flood_.last_ms = now_ms;
  if (!record.reason.empty()) ++flood_.reasons[record.reason];
  if (address.empty()) return;
  const std::string key(address);
  std::uint64_t inherited = 0;
  if (addresses_.size() >= kWatched && addresses_.find(key) == addresses_.end()) {
    const auto least = std::min_element(addresses_.begin(), addresses_.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
    inherited = least->second;
    addresses_.erase(least);
  }
  addresses_[key] += inherited + 1;
}

std::optional<Flood> Budget::due(std::int64_t now_ms, bool flush) {
  if (flood_.count == 0 || (!flush && flood_.first_ms / 1000 == now_ms / 1000)) return std::nullopt;
  Flood out = std::exchange(flood_, {});
  out.addresses.assign(addresses_.begin(), addresses_.end());
  addresses_.clear();
  std::sort(out.addresses.begin(), out.addresses.end(),
            [](const auto& a, const auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
  if (out.addresses.size() > kNamed) out.addresses.resize(kNamed);
  return out;
}

Budget& Budgets::of(const std::string& principal, std::int64_t now_ms) {
  if (auto known = budgets_.find(principal); known != budgets_.end()) return known->second;
  if (budgets_.size() >= kPrincipals) std::erase_if(budgets_, [&](const auto& entry) { return entry.second.idle(now_ms); });
  if (budgets_.size() >= kPrincipals) return others_;
  return budgets_.emplace(principal, Budget(per_second_)).first->second;
}

std::vector<Flood> Budgets::due(std::int64_t now_ms, bool flush) {
  std::vector<Flood> out;
  for (auto& [principal, budget] : budgets_)
    if (auto flood = budget.due(now_ms, flush)) out.push_back(*std::move(flood));
  if (auto flood = others_.due(now_ms, flush)) {
    // It speaks for several principals, so it names none.
    Record& sample = flood->sample;
    sample.tenant = sample.sub = sample.client_id = sample.authn_method = sample.agent = {};
    out.push_back(*std::move(flood));
  }
  return out;
}

}  // namespace durward::audit
