#include "audit/ledger.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <future>
#include <mutex>
#include <thread>

#include "audit/key_files.hpp"
#include "audit/ledger_check.hpp"
#include "audit/line.hpp"
#include "audit/recovery.hpp"
#include "audit/refusals.hpp"
#include "audit/time.hpp"
#include "audit/writer.hpp"
#include "policy/json.hpp"

namespace durward::audit {

using namespace std::chrono_literals;

struct Ledger::State {
  State(const config::Ledger& s, const Keyring& ring, const Platform& p) : settings(s), platform(p), refusals(s, around()) {
    for (const auto& [tenant, entries] : ring.commit)
      if (!entries.empty()) committers.emplace(tenant, entries.back());
  }

  const config::Ledger settings;
  std::map<std::string, Committer, std::less<>> committers;  // by tenant, each its newest key; not changed once made
  const Platform platform;
  std::string origin;
  Descriptor folder, lock;
  std::unique_ptr<Writer> writer;

  Refusals refusals;

  std::mutex watch_mutex;
  std::condition_variable watch_wake;
  bool watch_ended = false;
  std::thread watch;
  std::once_flag closed;

  policy::Outcome<void, std::string> lock_folder();
  policy::Outcome<void, std::string> find_origin();
  void watch_loop();
  void end_watch();
  void put(const Record& record, Durability durability, Done done, const FloodFacts* flood = nullptr) const;
  void push(const Record& record, const FloodFacts* flood, Durability durability, bool reserved, Done done) const;
  bool put_and_wait(const std::vector<Record>& records);
  Record event(Type type) const;
  Refusals::Around around();
  std::string commit_to(std::string_view tenant, std::string_view label, std::string_view bytes, bool raw) const;
};

/// Called while the members are made: what it gives is used only once a ledger is open.
Refusals::Around Ledger::State::around() {
  Refusals::Around around;
  around.put = [this](const Record& record, const FloodFacts& facts) { put(record, Durability::buffered, {}, &facts); };
  around.commit = [this](std::string_view address) { return commit_to({}, "address", json::quote(address), false); };
  around.healthy = [this] { return writer->healthy(); };
  around.space = [this] { return platform.space(folder.get()); };
  around.unix_ms = [this] { return platform.unix_ms(); };
  return around;
}

policy::Outcome<void, std::string> Ledger::State::lock_folder() {
  const std::string& dir = settings.dir.value;
  if (auto made = make_folders(dir); !made) return made;
  folder = Descriptor(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  lock = Descriptor(::open((dir + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!folder || !lock) return dir + ": cannot be opened: " + std::strerror(errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return dir + ": another gateway holds the lock of this ledger";
  return {};
}

/// A log's origin is fixed when it begins.
policy::Outcome<void, std::string> Ledger::State::find_origin() {
  TRY(const Text wanted, wanted_origin(settings));
  TRY(const Text settled, settle_origin(settings.dir.value + "/origin", wanted.value));
  origin = settled.value;
  return {};
}

Record Ledger::State::event(Type type) const {
  Record record;
  record.type = type;
  record.ts_ms = platform.unix_ms();
  record.id = new_ulid(record.ts_ms);
  return record;
}

void Ledger::State::push(const Record& record, const FloodFacts* flood, Durability durability, bool reserved, Done done) const {
  Item item{compose(record, origin, flood), record.type, {}, durability, {}, {}};
  if (record.type == Type::intent || record.type == Type::outcome) item.id = record.id;
  if (durability != Durability::buffered) item.done = std::move(done);
  const bool queued = writer->push(std::move(item), reserved);
  // Nobody waits for a buffered record: it is as good as it gets once it has its place.
  if (durability == Durability::buffered && done) done(queued ? policy::Outcome<void>() : unavailable());
}

void Ledger::State::put(const Record& record, Durability durability, Done done, const FloodFacts* flood) const {
  push(record, flood, durability, false, std::move(done));
}

/// For the start: in pieces that fit the queue, each on disk before the next.
bool Ledger::State::put_and_wait(const std::vector<Record>& records) {
  const std::size_t piece = std::clamp<std::size_t>(settings.queue, 1, 1024);
  for (std::size_t begin = 0; begin < records.size(); begin += piece) {
    const std::size_t end = std::min(begin + piece, records.size());
    std::promise<bool> promise;
    for (std::size_t i = begin; i + 1 < end; ++i) put(records[i], Durability::synced, {});
    put(records[end - 1], Durability::synced,
        [&promise](const policy::Outcome<void>& outcome) { promise.set_value(bool(outcome)); });
    if (!promise.get_future().get()) return false;
  }
  return true;
}

namespace {

std::string boot_facts(const BootFacts& boot) {
  std::string out = "{\"deadline_ms\":" + std::to_string(boot.deadline_ms);
  if (boot.dev_key) out += ",\"dev\":true";
  out += ",\"gateway_version\":";
  append_json_string(out, boot.gateway_version);
  return out + "}";
}

}  // namespace

policy::Outcome<std::unique_ptr<Ledger>, std::string> Ledger::open(const config::Ledger& settings, SigningKey key,
                                                                   const Keyring& keyring, const BootFacts& boot) {
  return open(settings, std::move(key), keyring, boot, real_platform());
}

policy::Outcome<std::unique_ptr<Ledger>, std::string> Ledger::open(const config::Ledger& settings, SigningKey key,
                                                                   const Keyring& keyring, const BootFacts& boot,
                                                                   const Platform& platform) {
  if (auto committing = check_commit_key(keyring); !committing) return std::move(committing).error();
  auto state = std::make_unique<State>(settings, keyring, platform);
  if (auto locked = state->lock_folder(); !locked) return std::move(locked).error();
  if (auto found = state->find_origin(); !found) return std::move(found).error();
  TRY(Recovered recovered, recover(settings.dir.value, state->origin, key.public_key()));

  std::vector<Record> first;
  for (const std::string& report : recovered.reports) first.emplace_back(state->event(Type::recovery)).facts = report;
  for (const auto& [id, seq] : recovered.state.open) {
    Record& outcome = first.emplace_back(state->event(Type::outcome));
    outcome.id = id;
    outcome.effect = Effect::unknown;
    outcome.facts = "{\"intent\":" + std::to_string(seq) + ",\"source\":\"recovery\"}";
  }
  Record& start = first.emplace_back(state->event(Type::boot));
  start.rulebook = boot.rulebook;
  start.facts = boot_facts(boot);

  state->writer = std::make_unique<Writer>(settings, state->origin, std::move(key), std::move(recovered.state), platform);
  if (auto started = state->writer->start(); !started) return std::move(started).error();
  state->watch = std::thread([raw = state.get()] { raw->watch_loop(); });
  const bool good = state->put_and_wait(first);
  std::unique_ptr<Ledger> ledger(new Ledger(std::move(state)));
  if (!good) return settings.dir.value + ": the ledger cannot be written";
  if (!recovered.reports.empty()) forget_reports(settings.dir.value);
  return ledger;
}

Ledger::Ledger(std::unique_ptr<State> state) : state_(std::move(state)) {}

Ledger::~Ledger() { close(); }

void Ledger::close() {
  std::call_once(state_->closed, [this] {
    state_->refusals.emit_due(true);
    state_->put(state_->event(Type::shutdown), Durability::synced, {});
    state_->writer->stop();
    state_->end_watch();
    state_->lock = {};
  });
}

void Ledger::State::watch_loop() {
  const auto period = std::clamp<std::chrono::milliseconds>(settings.deadline / 8, 5ms, 250ms);
  std::unique_lock hold(watch_mutex);
  while (!watch_wake.wait_for(hold, period, [&] { return watch_ended; })) {
    writer->check_deadline();
    refusals.emit_due(false);
  }
}

void Ledger::State::end_watch() {
  {
    const std::lock_guard hold(watch_mutex);
    watch_ended = true;
  }
  watch_wake.notify_all();
  if (watch.joinable()) watch.join();
}

bool Ledger::healthy() const noexcept { return state_->writer->healthy(); }
bool Ledger::reserve() noexcept { return state_->writer->reserve(); }
void Ledger::release() noexcept { state_->writer->release(); }
const std::string& Ledger::origin() const { return state_->origin; }
Ledger::Numbers Ledger::numbers() const noexcept { return state_->writer->numbers(); }

void Ledger::append(const Record& record, Durability durability, bool reserved, Done done) {
  state_->push(record, nullptr, durability, reserved, std::move(done));
}

void Ledger::refuse_anonymous(const Record& record, std::string_view address) { state_->refusals.anonymous(record, address); }

void Ledger::refuse(const Record& record, std::string_view principal_key, Durability durability, Done done) {
  // An unhealthy ledger tells the caller itself.
  if (!healthy() || state_->refusals.admit(record, principal_key))
    state_->put(record, durability, std::move(done));
  else if (done)
    done({});
}

std::string Ledger::State::commit_to(std::string_view tenant, std::string_view label, std::string_view bytes, bool raw) const {
  auto own = committers.find(tenant);
  if (own == committers.end()) own = committers.find("");
  return own->second.commit(label, bytes, raw);
}

std::string Ledger::commit(std::string_view tenant, std::string_view label, std::string_view bytes, bool raw) const {
  return state_->commit_to(tenant, label, bytes, raw);
}

}  // namespace durward::audit
