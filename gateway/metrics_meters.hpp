#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "audit/record.hpp"
#include "policy/principal.hpp"

/// What one loop counts, cheaply: small integers under a lock that only a scrape contends for. Merged by gateway/metrics.
namespace durward::gateway {

/// The parts of an exchange's time. caller: reading the body and sending the answer.
enum class Part : std::uint8_t { gateway, upstream, ledger, caller };
inline constexpr std::size_t kParts = 4;

/// Where the time of one exchange went, but for the gateway's own, which is the rest. Loop thread.
struct Spent {
  using Time = std::chrono::steady_clock::duration;
  Time upstream{}, ledger{}, caller{};
};

/// Adds the time of its life to one part.
class Lap {
 public:
  explicit Lap(Spent::Time& sum) : Lap(sum, std::chrono::steady_clock::now()) {}
  Lap(Spent::Time& sum, std::chrono::steady_clock::time_point begin) : sum_(sum), begin_(begin) {}
  ~Lap() { sum_ += std::chrono::steady_clock::now() - begin_; }
  Lap(const Lap&) = delete;
  Lap& operator=(const Lap&) = delete;

 private:
  Spent::Time& sum_;
  const std::chrono::steady_clock::time_point begin_;
};

/// A number that one thread changes and any thread reads.
class Reading {
 public:
  void add(std::int64_t n) noexcept { value_.store(get() + n, std::memory_order_relaxed); }
  void set(std::int64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  std::int64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Which tool calls have a series of their own, over all loops: the first `max` combinations of server, tool and verdict
/// (admin.metrics_series); what comes later is counted under the tool "other". Thread-safe.
class ToolSeries {
 public:
  explicit ToolSeries(std::size_t max) : max_(max) {}
  bool admit(std::string_view server, std::string_view tool, policy::Verdict verdict);

 private:
  const std::size_t max_;
  std::mutex mutex_;
  std::set<std::tuple<std::string, std::string, policy::Verdict>> known_;
};

/// Words to small integers and back. The empty word is 0.
class Words {
 public:
  std::uint16_t slot(std::string_view word);  // full (65,535 words): 0
  const std::uint16_t* find(std::string_view word) const;
  const std::vector<std::string>& all() const { return words_; }  // by slot

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view word) const noexcept { return std::hash<std::string_view>()(word); }
  };
  std::vector<std::string> words_{std::string()};
  std::unordered_map<std::string, std::uint16_t, Hash, std::equal_to<>> slots_{{std::string(), std::uint16_t{0}}};
};

/// A histogram's upper bounds in microseconds; above the last there is one bucket more.
inline constexpr std::array<std::uint32_t, 20> kBounds{50,      100,     250,      500,      1000,     2500,     5000,
                                                       10000,   25000,   50000,    100000,   250000,   500000,   1000000,
                                                       2500000, 5000000, 10000000, 30000000, 60000000, 120000000};
struct Timing {
  std::array<std::uint64_t, kBounds.size() + 1> buckets{};
  std::uint64_t sum_us = 0;
  void observe(Spent::Time time) noexcept;
  void merge(const Timing& other) noexcept;
};
using Timings = std::array<Timing, kParts>;

/// One request, as its ledger record ended. Strings are the record's: closed lists, configured names, listed tools.
struct RequestKey {
  std::string server, method, era, verdict, reason;
  auto operator<=>(const RequestKey&) const = default;
};
struct ToolKey {
  std::string server, tool, verdict;
  auto operator<=>(const ToolKey&) const = default;
};
struct WithheldKey {
  std::string server, reason;
  auto operator<=>(const WithheldKey&) const = default;
};

/// A credential that was checked: by which method, and `ok` or what was wrong with it.
struct AuthnKey {
  std::string method, result;
  auto operator<=>(const AuthnKey&) const = default;
};

/// The sums of all loops.
struct Totals {
  std::map<RequestKey, std::uint64_t> requests;
  std::map<ToolKey, std::uint64_t> tools;
  std::map<WithheldKey, std::uint64_t> withheld;
  std::map<std::string, std::uint64_t> would_deny;  // by server
  std::map<AuthnKey, std::uint64_t> authentications;
  std::map<std::string, Timings> timings;  // by server
  std::int64_t in_flight = 0, streams = 0, events = 0, redacted = 0;
};

/// What one loop counts. Written by its loop's thread, read by add_to() from any.
class Meters {
 public:
  explicit Meters(ToolSeries& series) : series_(series) {}
  Reading in_flight;  // exchanges under way
  Reading streams;    // relays without an end of their own
  Reading events;     // relayed SSE events
  Reading redacted;   // answers and events in which a secret of ours came back

  /// An entry has been closed, in whatever way: one request more.
  void closed(const audit::Record& record) noexcept;
  /// A message within an exchange was dropped or replaced.
  void withheld(const audit::Record& record) noexcept;
  /// A caller was authenticated, or not. method: absent where none could be told; fault: a word of a closed list that lives for
  /// good, empty if there was none.
  void authenticated(std::optional<policy::AuthnMethod> method, std::string_view fault) noexcept;
  /// An exchange has ended. server: a configured name, or empty. whole: from its head to its end.
  void ended(std::string_view server, const Spent& spent, Spent::Time whole) noexcept;

  /// Any thread.
  void add_to(Totals& totals) const;

 private:
  // The counters of records that are alike, found without looking anything up.
  struct Memo {
    RequestKey key;
    std::string tool;
    policy::Verdict verdict = policy::Verdict::allow;
    std::uint64_t* requests = nullptr;  // null: nothing is remembered
    std::uint64_t* tool_calls = nullptr;
    bool fits(const audit::Record& record, policy::Verdict wanted) const;
  };
  Memo& memo_of(const audit::Record& record, policy::Verdict verdict);
  void count(const audit::Record& record, policy::Verdict verdict, Memo& memo);
  std::uint64_t& tool_counter(const audit::Record& record, std::uint16_t server, policy::Verdict verdict);
  ToolSeries& series_;
  std::array<Reading, policy::kAuthnMethods> known_{};  // without a lock: most requests of most callers
  mutable std::mutex mutex_;
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> unknown_;  // by method and fault
  Words servers_, methods_, eras_, reasons_, tools_;
  std::unordered_map<std::uint64_t, std::uint64_t> requests_, tool_calls_, withheld_;
  std::unordered_map<std::uint16_t, std::uint64_t> would_deny_;
  std::vector<Timings> timings_;  // by server's slot
  std::array<Memo, 64> memos_;
};

}  // namespace durward::gateway
