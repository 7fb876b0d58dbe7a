#include "gateway/metrics_meters.hpp"

#include <algorithm>

namespace durward::gateway {

namespace {

constexpr std::string_view kOther = "other";
constexpr std::size_t kToolName = 128;  // bytes; a longer name is no label

// Four numbers of 16 bits, or the verdict's two in one of them.
std::uint64_t pack(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
  return a << 48 | b << 32 | c << 16 | d;
}
std::uint16_t unpack(std::uint64_t key, unsigned place) { return static_cast<std::uint16_t>(key >> (48 - 16 * place)); }

std::string word(policy::Verdict verdict) { return std::string(policy::name(verdict)); }

// A tool's name where it may be a label. A name outside catalogue and configuration is a commitment in the record.
bool is_label(std::string_view tool) {
  return !tool.empty() && tool.size() <= kToolName && !tool.starts_with("hmac") &&
         std::all_of(tool.begin(), tool.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

bool ToolSeries::admit(std::string_view server, std::string_view tool, policy::Verdict verdict) {
  std::tuple<std::string, std::string, policy::Verdict> one(server, tool, verdict);
  std::lock_guard lock(mutex_);
  if (known_.contains(one)) return true;
  if (known_.size() >= max_) return false;
  known_.insert(std::move(one));
  return true;
}

const std::uint16_t* Words::find(std::string_view word) const {
  const auto found = slots_.find(word);
  return found == slots_.end() ? nullptr : &found->second;
}

std::uint16_t Words::slot(std::string_view word) {
  if (const std::uint16_t* known = find(word)) return *known;
  if (words_.size() > 0xffff) return 0;
  const auto next = static_cast<std::uint16_t>(words_.size());
  words_.emplace_back(word);
  slots_.emplace(word, next);
  return next;
}

void Timing::observe(Spent::Time time) noexcept {
  const auto us = std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count(), 0);
  const auto* bound = std::lower_bound(kBounds.begin(), kBounds.end(), us);
  ++buckets[static_cast<std::size_t>(bound - kBounds.begin())];
  sum_us += static_cast<std::uint64_t>(us);
}

void Timing::merge(const Timing& other) noexcept {
  for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] += other.buckets[i];
  sum_us += other.sum_us;
}

// What is counted is never worth a request: without memory for a new series the count is lost, not the exchange.
void Meters::closed(const audit::Record& record) noexcept {
  const policy::Verdict verdict = record.verdict.value_or(policy::Verdict::deny);
  try {
    std::lock_guard lock(mutex_);
    Memo& memo = memo_of(record, verdict);
    if (!memo.fits(record, verdict)) count(record, verdict, memo);
    if (memo.requests) ++*memo.requests;
    if (memo.tool_calls) ++*memo.tool_calls;
    const bool passed = verdict == policy::Verdict::allow;
    if (passed && !record.findings.empty() &&
        std::any_of(record.findings.begin(), record.findings.end(),
                    [](const policy::Finding& finding) { return finding.effect == policy::Effect::would_deny; }))
      ++would_deny_[servers_.slot(record.server)];
  } catch (const std::exception&) {
  }
}

bool Meters::Memo::fits(const audit::Record& record, policy::Verdict wanted) const {
  return requests && verdict == wanted && tool == record.tool && key.method == record.method && key.server == record.server &&
         key.reason == record.reason && key.era == record.era;
}

// Any function of what fits() compares will do; this one costs next to nothing.
Meters::Memo& Meters::memo_of(const audit::Record& record, policy::Verdict verdict) {
  const std::size_t last = record.tool.empty() ? 0 : static_cast<unsigned char>(record.tool.back());
  const std::size_t mixed = record.tool.size() * 7 + last * 3 + record.method.size() * 5 + record.server.size() * 11 +
                            record.reason.size() + static_cast<std::size_t>(verdict);
  return memos_[mixed % memos_.size()];
}

// Finds or makes the counters, and remembers them. References into an unordered_map stay good when it grows.
void Meters::count(const audit::Record& record, policy::Verdict verdict, Memo& memo) {
  memo.requests = memo.tool_calls = nullptr;
  const std::uint16_t server = servers_.slot(record.server);
  const bool unknown_method = record.method.empty() && !record.era.empty();
  const std::uint16_t method = methods_.slot(unknown_method ? kOther : std::string_view(record.method));
  const std::uint64_t era_and_verdict = eras_.slot(record.era) << 8 | static_cast<unsigned>(verdict);
  std::uint64_t& requests = requests_[pack(server, method, era_and_verdict, reasons_.slot(record.reason))];
  std::uint64_t* tool_calls = record.tool.empty() ? nullptr : &tool_counter(record, server, verdict);
  memo.key = {record.server, record.method, record.era, {}, record.reason};
  memo.tool = record.tool;
  memo.verdict = verdict;
  memo.requests = &requests;
  memo.tool_calls = tool_calls;
}

std::uint64_t& Meters::tool_counter(const audit::Record& record, std::uint16_t server, policy::Verdict verdict) {
  const std::string_view tool = is_label(record.tool) ? std::string_view(record.tool) : kOther;
  if (const std::uint16_t* known = tools_.find(tool)) {
    const auto found = tool_calls_.find(pack(server, *known, static_cast<unsigned>(verdict), 0));
    if (found != tool_calls_.end()) return found->second;
  }
  const bool own = tool == kOther || series_.admit(record.server, tool, verdict);
  return tool_calls_[pack(server, tools_.slot(own ? tool : kOther), static_cast<unsigned>(verdict), 0)];
}

void Meters::withheld(const audit::Record& record) noexcept {
  try {
    std::lock_guard lock(mutex_);
    ++withheld_[pack(servers_.slot(record.server), reasons_.slot(record.reason), 0, 0)];
  } catch (const std::exception&) {
  }
}

void Meters::authenticated(std::optional<policy::AuthnMethod> method, std::string_view fault) noexcept {
  if (method && fault.empty()) return known_[static_cast<std::size_t>(*method)].add(1);
  try {
    std::lock_guard lock(mutex_);
    ++unknown_[{method ? policy::name(*method) : std::string_view(), fault}];
  } catch (const std::exception&) {
  }
}

void Meters::ended(std::string_view server, const Spent& spent, Spent::Time whole) noexcept {
  try {
    std::lock_guard lock(mutex_);
    const std::uint16_t slot = servers_.slot(server);
    if (timings_.size() <= slot) timings_.resize(slot + std::size_t{1});
    Timings& timings = timings_[slot];
    timings[static_cast<std::size_t>(Part::gateway)].observe(whole - spent.upstream - spent.ledger - spent.caller);
    timings[static_cast<std::size_t>(Part::upstream)].observe(spent.upstream);
    timings[static_cast<std::size_t>(Part::ledger)].observe(spent.ledger);
    timings[static_cast<std::size_t>(Part::caller)].observe(spent.caller);
  } catch (const std::exception&) {
  }
}

// Under the lock only copies are made: what they mean is written out after it.
void Meters::add_to(Totals& totals) const {
  using Counts = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  std::vector<std::string> servers, methods, eras, reasons, tools;
  Counts requests, tool_calls, withheld, would_deny;
  std::vector<Timings> timings;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [key, count] : unknown_)
      totals.authentications[{std::string(key.first), std::string(key.second)}] += count;
    servers = servers_.all();
    methods = methods_.all();
    eras = eras_.all();
    reasons = reasons_.all();
    tools = tools_.all();
    requests.assign(requests_.begin(), requests_.end());
    tool_calls.assign(tool_calls_.begin(), tool_calls_.end());
    withheld.assign(withheld_.begin(), withheld_.end());
    would_deny.assign(would_deny_.begin(), would_deny_.end());
    timings = timings_;
  }
  for (std::size_t i = 0; i < known_.size(); ++i) {
    const std::string method(policy::name(static_cast<policy::AuthnMethod>(i)));
    if (const std::int64_t count = known_[i].get(); count > 0)
      totals.authentications[{method, "ok"}] += static_cast<std::uint64_t>(count);
  }
  totals.in_flight += in_flight.get();
  totals.streams += streams.get();
  totals.events += events.get();
  totals.redacted += redacted.get();
  for (const auto& [key, count] : requests) {
    const std::uint16_t era_and_verdict = unpack(key, 2);
    const auto verdict = static_cast<policy::Verdict>(era_and_verdict & 0xff);
    const std::string& era = eras[era_and_verdict >> 8];
    totals.requests[{servers[unpack(key, 0)], methods[unpack(key, 1)], era, word(verdict), reasons[unpack(key, 3)]}] += count;
  }
  for (const auto& [key, count] : tool_calls) {
    const auto verdict = static_cast<policy::Verdict>(unpack(key, 2));
    totals.tools[{servers[unpack(key, 0)], tools[unpack(key, 1)], word(verdict)}] += count;
  }
  for (const auto& [key, count] : withheld) totals.withheld[{servers[unpack(key, 0)], reasons[unpack(key, 1)]}] += count;
  for (const auto& [server, count] : would_deny) totals.would_deny[servers[server]] += count;
  for (std::size_t slot = 0; slot < timings.size(); ++slot)
    for (std::size_t part = 0; part < kParts; ++part) totals.timings[servers[slot]][part].merge(timings[slot][part]);
}

}  // namespace durward::gateway
