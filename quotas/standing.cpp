#include "quotas/standing.hpp"

#include <sodium.h>

#include <algorithm>
#include <utility>

namespace durward::quotas {
namespace {

microseconds wait(std::int64_t us) { return us == kNever ? kForever : microseconds(us); }

Standing stand(const Rate& rate, const Held& held, std::int64_t now_us) {
  const Verdict verdict = judge(rate.limit(), held.cell, rate.cost(), now_us);
  Standing out;
  out.passes = verdict.passes;
  out.left = verdict.left + (verdict.passes ? rate.cost() : 0);
  out.retry_after = wait(verdict.retry_after_ns);
  out.reset = microseconds(std::max<std::int64_t>(held.cell, now_us) - now_us);
  return out;
}

Standing stand(const Budget& budget, const Held& held, std::int64_t now_us) {
  Standing out;
  out.left = std::max<std::int64_t>(budget.allowance - held.spent, 0);
  out.reset = microseconds(window_of(budget.period, now_us).end - now_us);
  out.passes = budget.amount <= out.left;
  if (!out.passes) out.retry_after = budget.amount > budget.allowance ? kForever : out.reset;
  return out;
}

Standing stand(const Concurrency& places, const Held& held, std::int64_t now_us) {
  Standing out;
  out.left = std::max<std::int64_t>(places.most - held.places, 0);
  out.passes = out.left > 0;
  if (held.places > 0) out.reset = microseconds(held.last_free - now_us);
  if (!out.passes) out.retry_after = places.most == 0 ? kForever : microseconds(held.next_free - now_us);
  return out;
}

void take(const Rate& rate, Standing& standing) {
  standing.left -= rate.cost();
  standing.reset += microseconds(rate.cost() * rate.limit().interval_ns());
}
void take(const Budget& budget, Standing& standing) { standing.left -= budget.amount; }
void take(const Concurrency& places, Standing& standing) {
  --standing.left;
  standing.reset = std::max<microseconds>(standing.reset, places.life);
}

Receipt::Held note(const Rate& rate, std::int64_t) {
  return {{}, Receipt::Kind::rate, rate.cost() * rate.limit().interval_ns(), 0, 0};
}
Receipt::Held note(const Budget& budget, std::int64_t now_us) {
  const Window window = window_of(budget.period, now_us);
  return {{}, Receipt::Kind::budget, budget.amount, window.begin, window.end};
}
Receipt::Held note(const Concurrency&, std::int64_t) { return {{}, Receipt::Kind::concurrency, 1, 0, 0}; }

}  // namespace

std::int64_t corrected(std::int64_t spent, std::int64_t reserved, std::int64_t actual) {
  return std::clamp<std::int64_t>(spent - reserved + actual, 0, kMostSpent);
}

Taken judge(const std::vector<Demand>& demands, const std::vector<Held>& held, std::int64_t now_us, bool takes) {
  Taken out;
  out.passes = true;
  out.each.reserve(demands.size());
  for (std::size_t i = 0; i < demands.size(); ++i) {
    out.each.push_back(std::visit([&](const auto& of) { return stand(of, held[i], now_us); }, demands[i].of));
    out.passes = out.passes && out.each.back().passes;
  }
  for (std::size_t i = 0; takes && out.passes && i < demands.size(); ++i) {
    std::visit([&](const auto& of) { take(of, out.each[i]); }, demands[i].of);
  }
  return out;
}

std::optional<std::int64_t> actual_of(const Receipt::Held& held, const Settlement& settlement) {
  if (settlement.refund) return 0;
  for (const Settlement::Actual& each : settlement.actual) {
    if (each.key == held.key) return each.amount;
  }
  return std::nullopt;
}

Receipt receipt_of(const std::vector<Demand>& demands, std::string place_id, std::int64_t now_us) {
  Receipt out;
  out.held.reserve(demands.size());
  for (const Demand& each : demands) {
    out.held.push_back(std::visit([&](const auto& of) { return note(of, now_us); }, each.of));
    out.held.back().key = each.key;
  }
  out.id = std::move(place_id);
  return out;
}

std::string place_id(const std::vector<Demand>& demands) {
  const bool wanted = std::any_of(demands.begin(), demands.end(),
                                  [](const Demand& each) { return std::holds_alternative<Concurrency>(each.of); });
  std::string out(wanted ? 16 : 0, '\0');
  if (wanted) randombytes_buf(out.data(), out.size());
  return out;
}

}  // namespace durward::quotas
