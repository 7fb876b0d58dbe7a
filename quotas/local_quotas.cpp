#include "quotas/local_quotas.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace durward::quotas {
namespace {

constexpr std::int64_t kSweep = 1'000'000;  // between two looks for what is over, where there is no room

bool only_rates(const std::vector<Demand>& demands) {
  return std::all_of(demands.begin(), demands.end(), [](const Demand& each) { return std::holds_alternative<Rate>(each.of); });
}

Fault full() { return {Fault::Kind::unavailable, "as many budgets or places are in use as state.keys allows"}; }

}  // namespace

LocalQuotas::LocalQuotas(std::size_t rates, std::size_t keys, bool tells)
    : rates_(rates, RateTable::random_seed()), most_(keys), tells_(tells) {}

Answer<Taken> LocalQuotas::take(const std::vector<Demand>& demands, std::int64_t now_us) {
  std::unique_lock<std::mutex> lock;
  if (!only_rates(demands)) {
    lock = std::unique_lock(mutex_);
    if (!room_for(demands, now_us)) return full();
  }
  Taken out = judge_all(demands, true, now_us);
  if (!out.passes) return out;
  std::string id = place_id(demands);
  keep(demands, id, now_us);
  out.receipt = receipt_of(demands, std::move(id), now_us);
  return out;
}

std::vector<Standing> LocalQuotas::look(const std::vector<Demand>& demands, std::int64_t now_us) {
  const std::lock_guard lock(mutex_);
  return judge_all(demands, false, now_us).each;
}

/// Takes the rates, if all pass; the rest is kept by who calls.
Taken LocalQuotas::judge_all(const std::vector<Demand>& demands, bool takes, std::int64_t now_us) {
  std::vector<Held> before(demands.size());
  std::array<Cell, kMostDemands> cells{};
  std::vector<Charge> charges;
  charges.reserve(demands.size());
  bool others = true;
  for (std::size_t i = 0; i < demands.size(); ++i) {
    if (const auto* rate = std::get_if<Rate>(&demands[i].of)) {
      charges.push_back({demands[i].key, rate->limit(), rate->cost()});
    } else if (const auto* budget = std::get_if<Budget>(&demands[i].of)) {
      before[i] = held(demands[i].key, *budget, now_us);
      others = others && before[i].spent + budget->amount <= budget->allowance;
    } else if (const auto* places = std::get_if<Concurrency>(&demands[i].of)) {
      before[i] = held(demands[i].key, *places, now_us);
      others = others && before[i].places < places->most;
    }
  }
  if (!charges.empty()) rates_.take_if(takes && others, charges, now_us, cells);
  std::size_t rate = 0;
  for (std::size_t i = 0; i < demands.size(); ++i) {
    if (std::holds_alternative<Rate>(demands[i].of)) before[i].cell = cells[rate++];
  }
  return judge(demands, before, now_us, takes);
}

Held LocalQuotas::held(const std::string& key, const Budget& budget, std::int64_t now_us) {
  Held out;
  const auto found = budgets_.find(key);
  if (found != budgets_.end()) out.spent = spent_in(found->second.spent, window_of(budget.period, now_us).begin);
  return out;
}

Held LocalQuotas::held(const std::string& key, const Concurrency& concurrency, std::int64_t now_us) {
  Held out;
  const auto found = places_.find(key);
  if (found == places_.end()) return out;
  std::vector<Place>& places = found->second;
  placed_ -= std::erase_if(places, [now_us](const Place& each) { return each.until <= now_us; });
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.until < b.until; });
  out.places = static_cast<std::int64_t>(places.size());
  if (places.empty()) {
    places_.erase(found);
    return out;
  }
  if (concurrency.most > 0 && out.places >= concurrency.most)
    out.next_free = places[static_cast<std::size_t>(out.places - concurrency.most)].until;
  out.last_free = places.back().until;
  return out;
}

void LocalQuotas::keep(const std::vector<Demand>& demands, const std::string& id, std::int64_t now_us) {
  for (const Demand& each : demands) {
    if (const auto* budget = std::get_if<Budget>(&each.of)) {
      const Window window = window_of(budget->period, now_us);
      Tally& tally = budgets_[each.key];
      tally.spent = {window.begin, spent_in(tally.spent, window.begin) + budget->amount};
      tally.end = window.end;
      note(each.key, tally);
    } else if (const auto* places = std::get_if<Concurrency>(&each.of)) {
      places_[each.key].push_back({id, now_us + std::chrono::duration_cast<microseconds>(places->life).count()});
      ++placed_;
    }
  }
}

bool LocalQuotas::room_for(const std::vector<Demand>& demands, std::int64_t now_us) {
  const auto room = [&] { return budgets_.size() + demands.size() <= most_ && placed_ + demands.size() <= most_; };
  if (room()) return true;
  if (now_us - swept_ >= kSweep) sweep(now_us);
  if (room()) return true;
  // Those that are here already need no room.
  return std::all_of(demands.begin(), demands.end(), [&](const Demand& each) {
    if (std::holds_alternative<Budget>(each.of))
      return budgets_.size() + demands.size() <= most_ || budgets_.contains(each.key);
    return std::holds_alternative<Rate>(each.of) || placed_ + demands.size() <= most_;
  });
}

void LocalQuotas::sweep(std::int64_t now_us) {
  swept_ = now_us;
  std::erase_if(budgets_, [now_us](const auto& each) { return each.second.end <= now_us && !each.second.changed; });
  for (auto at = places_.begin(); at != places_.end();) {
    placed_ -= std::erase_if(at->second, [now_us](const Place& place) { return place.until <= now_us; });
    at = at->second.empty() ? places_.erase(at) : std::next(at);
  }
}

void LocalQuotas::settle(const Receipt& receipt, const Settlement& settlement, std::int64_t now_us) {
  const std::lock_guard lock(mutex_);
  for (const Receipt::Held& each : receipt.held) {
    if (each.kind == Receipt::Kind::rate) {
      if (settlement.refund) rates_.give_back(each.key, each.amount);
    } else if (each.kind == Receipt::Kind::concurrency) {
      give_back_place(each.key, receipt.id);
    } else if (const auto actual = actual_of(each, settlement); actual && each.end > now_us) {
      const auto found = budgets_.find(each.key);
      if (found == budgets_.end() || found->second.spent.window != each.window) continue;
      found->second.spent.amount = corrected(found->second.spent.amount, each.amount, *actual);
      note(each.key, found->second);
    }
  }
}

void LocalQuotas::note(const std::string& key, Tally& tally) {
  if (tells_ && !std::exchange(tally.changed, true)) changed_.push_back(key);
}

void LocalQuotas::give_back_place(const std::string& key, const std::string& id) {
  const auto found = places_.find(key);
  if (found == places_.end()) return;
  placed_ -= std::erase_if(found->second, [&](const Place& each) { return each.id == id; });
  if (found->second.empty()) places_.erase(found);
}

void LocalQuotas::reset(const std::vector<std::string>& keys) {
  const std::lock_guard lock(mutex_);
  for (const std::string& key : keys) {
    rates_.forget(key);
    if (const auto tally = budgets_.find(key); tally != budgets_.end()) {
      tally->second.spent.amount = 0;
      note(key, tally->second);
    }
    if (const auto places = places_.find(key); places != places_.end()) {
      placed_ -= places->second.size();
      places_.erase(places);
    }
  }
}

std::vector<LocalQuotas::Budgeted> LocalQuotas::changed() {
  const std::lock_guard lock(mutex_);
  std::vector<Budgeted> out;
  for (std::string& key : changed_) {
    const auto found = budgets_.find(key);
    if (found == budgets_.end()) continue;
    found->second.changed = false;
    out.push_back({std::move(key), found->second.spent, found->second.end});
  }
  changed_.clear();
  return out;
}

void LocalQuotas::put_back(const std::vector<Budgeted>& budgets) {
  const std::lock_guard lock(mutex_);
  for (const Budgeted& each : budgets) {
    if (const auto found = budgets_.find(each.key); found != budgets_.end()) note(each.key, found->second);
  }
}

void LocalQuotas::load(const Budgeted& budget) {
  const std::lock_guard lock(mutex_);
  Tally& tally = budgets_[budget.key];
  tally.spent = budget.spent;
  tally.end = budget.end;
}

}  // namespace durward::quotas
