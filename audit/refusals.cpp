#include "audit/refusals.hpp"

#include <algorithm>

namespace durward::audit {

Refusals::Refusals(const config::Ledger& settings, Around around)
    : reserve_(settings.reserve.count),
      around_(std::move(around)),
      strangers_(settings.anonymous_refusals_per_second),
      principals_(settings.refusals_per_second) {}

/// Looks at most once a second.
bool Refusals::space_is_low(std::int64_t now_ms) {
  if (space_second_ != now_ms / 1000) {
    space_second_ = now_ms / 1000;
    const Platform::Space space = around_.space();
    space_low_ = space.free < std::max(reserve_, space.total / 20);
  }
  return space_low_;
}

void Refusals::anonymous(const Record& record, std::string_view address) {
  const std::int64_t now = around_.unix_ms();
  {
    const std::lock_guard lock(mutex_);
    if (space_is_low(now) || !around_.healthy() || !strangers_.spend(now)) {
      strangers_.count(record, address, now);
      return;
    }
  }
  FloodFacts facts;
  facts.address = around_.commit(address);
  around_.put(record, facts);
}

bool Refusals::admit(const Record& record, std::string_view principal) {
  const std::int64_t now = around_.unix_ms();
  const std::lock_guard lock(mutex_);
  Budget& budget = principals_.of(std::string(principal), now);
  if (budget.spend(now)) return true;
  budget.count(record, {}, now);
  return false;
}

void Refusals::emit_due(bool flush) {
  const std::int64_t now = around_.unix_ms();
  std::vector<Flood> floods;
  {
    const std::lock_guard lock(mutex_);
    if (!around_.healthy()) return;  // the counts are kept until they can be written
    floods = principals_.due(now, flush);
    if (!space_is_low(now)) {
      if (auto flood = strangers_.due(now, flush)) floods.push_back(*std::move(flood));
    }
  }
  for (const Flood& flood : floods) emit(flood);
}

void Refusals::emit(const Flood& flood) {
  FloodFacts facts;
  facts.first_ms = flood.first_ms;
  facts.last_ms = flood.last_ms;
  for (const auto& [reason, count] : flood.reasons) {
    facts.reasons += facts.reasons.empty() ? "{" : ",";
    append_json_string(facts.reasons, reason);
    facts.reasons += ":" + std::to_string(count);
  }
  if (!facts.reasons.empty()) facts.reasons += "}";
  for (const auto& [address, count] : flood.addresses) {
    facts.addresses += facts.addresses.empty() ? "[{\"address\":" : ",{\"address\":";
    append_json_string(facts.addresses, around_.commit(address));
    facts.addresses += ",\"count\":" + std::to_string(count) + "}";
  }
  if (!facts.addresses.empty()) facts.addresses += "]";
  Record record;
  record.type = Type::refusal;
  record.ts_ms = around_.unix_ms();
  record.id = new_ulid(record.ts_ms);
  record.tenant = flood.sample.tenant;
  record.sub = flood.sample.sub;
  record.client_id = flood.sample.client_id;
  record.authn_method = flood.sample.authn_method;
  record.retention = flood.sample.retention;
  record.effect = Effect::none;
  record.count = flood.count;
  around_.put(record, facts);
}

}  // namespace durward::audit
