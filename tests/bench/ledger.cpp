#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "audit/ledger.hpp"
#include "audit/verify.hpp"

// The ledger without a gateway. One thread plays an event loop with N calls under way: each waits until its record is durable
// and then appends the next. Prints one JSON line for each measurement, with the mean cost of its fdatasync calls beside.
namespace durward::bench {
namespace {

using audit::Durability;
using audit::Effect;
using audit::Ledger;
using audit::Record;
using audit::Type;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

double cpu_seconds() {
  rusage used = {};
  ::getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

audit::SigningKey key() { return *audit::SigningKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="); }

/// A record with all that the gateway writes of an allowed tools/call.
Record record_of_call(Type type, const std::string& id, std::int64_t now_ms) {
  Record record;
  record.type = type;
  record.ts_ms = now_ms;
  record.id = id;
  record.trace_id = "0af7651916cd43dd8448eb211c80319c";
  record.span_id = "b7ad6b7169203331";
  record.tenant = "example";
  record.sub = "anonymous";
  record.authn_method = "anonymous";
  record.era = "legacy";
  record.server = "bench";
  record.tool = "json.300";
  record.version = "2.1.0";
  record.kind = "read";
  record.method = "tools/call";
  record.verdict = policy::Verdict::allow;
  record.mode = config::Mode::enforce;
  record.rules = {"tools.allowlist[23]"};
  record.rulebook = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  record.args = "hmac:1:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=";
  record.facts = R"({"listing":"listed","target":"tool"})";
  record.retention = "90d";
  record.bytes_in = 187;
  record.checked = 2;
  if (type == Type::intent) return record;
  record.result = "hmac-raw:1:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=";
  record.bytes_out = 334;
  record.upstream_status = 200;
  record.effect = Effect::completed;
  record.latency_us = 412;
  return record;
}

/// What the calls that may go on are told through, as an event loop's queue would.
class Inbox {
 public:
  void put(std::size_t call, bool good) {
    const std::lock_guard lock(mutex_);
    if (!good) failed_ = true;
    told_.push_back(call);
    if (told_.size() == 1) wake_.notify_one();
  }
  std::vector<std::size_t> take() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return !told_.empty(); });
    if (failed_) throw std::runtime_error("the ledger refused a record");
    return std::exchange(told_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::size_t> told_;
  bool failed_ = false;
};

/// Calls under way, each with one record (`written`) or an intent and an outcome (`synced`).
class Calls {
 public:
  Calls(Ledger& ledger, std::size_t waiters, Durability durability)
      : ledger_(ledger),
        durability_(durability),
        two_(durability == Durability::synced),
        ids_(waiters),
        half_(waiters, false) {}

  /// Keeps them going for so long, and returns how many ended.
  std::uint64_t run(double seconds) {
    const Clock::time_point begin = Clock::now();
    std::uint64_t ended = 0;
    std::size_t under_way = ids_.size();
    for (std::size_t call = 0; call < ids_.size(); ++call) step(call);
    while (under_way > 0) {
      const bool more = seconds_since(begin) < seconds;
      for (const std::size_t call : inbox_.take()) {
        ended += half_[call] ? 0 : 1;
        if (half_[call] || more) {
          step(call);
        } else {
          --under_way;
        }
      }
    }
    return ended;
  }

 private:
  void step(std::size_t call) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    const std::int64_t now = duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    const bool intent = two_ && !half_[call];
    if (!half_[call]) {
      ids_[call] = audit::new_ulid(now);
      if (!ledger_.reserve()) throw std::runtime_error("the ledger's queue is full");
    }
    half_[call] = intent;
    const Type type = intent ? Type::intent : two_ ? Type::outcome : Type::call;
    ledger_.append(record_of_call(type, ids_[call], now), durability_, !intent,
                   [this, call](const policy::Outcome<void>& outcome) { inbox_.put(call, bool(outcome)); });
  }

  Ledger& ledger_;
  Durability durability_;
  bool two_;
  std::vector<std::string> ids_;
  std::vector<bool> half_;  // whose intent is written, and whose outcome is not
  Inbox inbox_;
};

/// How often the ledger synced, and how long that took.
struct Syncs {
  std::atomic<std::uint64_t> count{0}, nanoseconds{0};
  double mean_us() const { return count == 0 ? 0 : static_cast<double>(nanoseconds) / static_cast<double>(count) / 1000; }
};

/// A machine whose fdatasync is measured.
audit::Platform timed(const audit::Platform& machine, Syncs& syncs) {
  audit::Platform out = machine;
  out.sync = [sync = machine.sync, &syncs](int fd) {
    const Clock::time_point begin = Clock::now();
    const int result = sync(fd);
    syncs.nanoseconds += static_cast<std::uint64_t>((Clock::now() - begin).count());
    ++syncs.count;
    return result;
  };
  return out;
}

std::unique_ptr<Ledger> open(const std::string& folder, const audit::Platform& platform) {
  config::Ledger settings;
  settings.dir.value = folder;
  settings.origin = "bench.example/ledger";
  settings.reserve.count = 0;
  settings.deadline = std::chrono::seconds(30);
  auto opened = Ledger::open(settings, key(), audit::Keyring::generate("2026-03-01T00:00:00Z"),
                             {"bench", "sha256:00", 120000, false}, platform);
  if (!opened) throw std::runtime_error(opened.error());
  return *std::move(opened);
}

/// Returns the mean number of records in a batch.
double measure(const std::string& folder, const char* name, std::size_t waiters, Durability durability, double seconds,
               const audit::Platform& machine) {
  Syncs syncs;
  auto ledger = open(folder, timed(machine, syncs));
  const double cpu = cpu_seconds();
  const Clock::time_point begin = Clock::now();
  const std::uint64_t calls = Calls(*ledger, waiters, durability).run(seconds);
  const double took = seconds_since(begin), spent = cpu_seconds() - cpu;
  const auto numbers = ledger->numbers();
  ledger->close();
  const auto count = static_cast<double>(calls);
  const double batch = static_cast<double>(numbers.batches.records) / static_cast<double>(numbers.batches.count());
  std::printf(
      R"({"measure":"%s","waiters":%zu,"calls":%llu,"per_second":%.0f,"cpu_us":%.2f,"mean_batch":%.1f,"fdatasync_us":%.0f})"
      "\n",
      name, waiters, static_cast<unsigned long long>(calls), count / took, spent / count * 1e6, batch, syncs.mean_us());
  std::fflush(stdout);
  return batch;
}

void verify(const std::string& folder, const char* name, double batch, unsigned threads) {
  audit::VerifyRequest request;
  request.threads = threads;
  request.paths = {folder};
  request.public_keys = {key().public_key()};
  const double cpu = cpu_seconds();
  const Clock::time_point begin = Clock::now();
  const audit::VerifyReport report = audit::verify_log(request);
  const double took = seconds_since(begin), spent = cpu_seconds() - cpu;
  if (report.exit_code != 0) throw std::runtime_error("the log does not verify: " + audit::to_text(report));
  const auto count = static_cast<double>(report.records);
  std::printf(R"({"measure":"%s","records":%llu,"per_second":%.0f,"cpu_us":%.2f,"mean_batch":%.1f})"
              "\n",
              name, static_cast<unsigned long long>(report.records), count / took, spent / count * 1e6, batch);
  std::fflush(stdout);
}

void run(const std::string& folder, double seconds) {
  const audit::Platform real = audit::real_platform();
  audit::Platform millisecond = real;  // a disk on which fdatasync takes 1 ms
  millisecond.sync = [](int) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return 0;
  };
  const auto at = [&folder](const char* name) { return folder + "/" + name; };
  const double many = measure(at("written"), "written", 64, Durability::written, seconds, real);
  measure(at("synced"), "synced", 64, Durability::synced, seconds, real);
  measure(at("synced-1ms"), "synced, fdatasync set to 1 ms", 64, Durability::synced, seconds, millisecond);
  const double single = measure(at("single"), "written, one at a time", 1, Durability::written, seconds, real);
  verify(at("written"), "verify", many, 0);
  verify(at("written"), "verify, one thread", many, 1);
  verify(at("single"), "verify, one record a batch", single, 0);
}

}  // namespace
}  // namespace durward::bench

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench_ledger FOLDER SECONDS\n");
    return 2;
  }
  try {
    durward::bench::run(argv[1], std::stod(argv[2]));
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "bench_ledger: %s\n", failure.what());
    return 1;
  }
}
