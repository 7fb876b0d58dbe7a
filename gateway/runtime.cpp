#include "gateway/runtime.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <cstdlib>
#include <thread>

#include "gateway/admin.hpp"
#include "gateway/connection.hpp"
#include "gateway/exchange.hpp"
#include "gateway/key_fetch.hpp"
#include "gateway/listener.hpp"
#include "gateway/log.hpp"
#include "gateway/relay.hpp"
#include "gateway/self_client.hpp"
#include "policy/rules/rules.hpp"

namespace durward::gateway {

using policy::Outcome;
using Failed = Outcome<std::unique_ptr<Runtime>, std::string>;

namespace {

/// A loop with its listener and thread.
struct Worker {
  explicit Worker(Services& services)
      : loop(services), pipeline(loop), listener(loop, pipeline), work(loop.io.get_executor()) {}
  Loop loop;
  Pipeline pipeline;
  Listener listener;
  asio::executor_work_guard<Executor> work;
  std::thread thread;
};

constexpr std::chrono::seconds kCutting{5};  // for exchanges that were cut to close their entries
constexpr int kUnended = 74;

// As many descriptors as the system lets us have: limits.connections says how many are used.
void raise_descriptor_limit() {
  ::rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

unsigned loops(const config::Listen& listen) {
  if (listen.threads > 0) return listen.threads;
  return std::clamp(std::thread::hardware_concurrency(), 1u, 8u);
}

std::vector<std::string> hosts(const config::Admin& admin) {
  std::vector<std::string> out;
  for (const auto& host : admin.hosts) out.push_back(host.value);
  return out;
}

// The first setting that differs and that a running gateway cannot change; empty: none.
std::string needs_restart(const config::Settings& now, const config::Settings& next) {
  const config::Ledger& a = now.ledger;
  const config::Ledger& b = next.ledger;
  const std::pair<bool, const char*> all[] = {
      {now.listen.address.value == next.listen.address.value, "listen.address"},
      {now.listen.port == next.listen.port, "listen.port"},
      {now.listen.threads == next.listen.threads, "listen.threads"},
      // With TLS or without; the files are read anew each time.
      {now.listen.tls.given() == next.listen.tls.given(), "listen.tls"},
      {now.admin.tls.given() == next.admin.tls.given(), "admin.tls"},
      {hosts(now.admin) == hosts(next.admin), "admin.hosts"},
      {now.admin.address.value == next.admin.address.value, "admin.address"},
      {now.admin.port == next.admin.port, "admin.port"},
      {now.admin.metrics_open == next.admin.metrics_open, "admin.metrics_open"},
      {now.admin.metrics_series == next.admin.metrics_series, "admin.metrics_series"},
      {now.admin.stall == next.admin.stall, "admin.stall"},
      {now.admin.connections == next.admin.connections, "admin.connections"},
      {now.admin.deadline == next.admin.deadline, "admin.deadline"},
      {now.log.format == next.log.format, "log.format"},
      {a.dir.value == b.dir.value, "ledger.dir"},
      {a.key_ref.value == b.key_ref.value, "ledger.key_ref"},
      {a.keyring.value == b.keyring.value, "ledger.keyring"},
      {a.origin == b.origin, "ledger.origin"},
      {a.side_effects == b.side_effects, "ledger.side_effects"},
      {a.reads == b.reads, "ledger.reads"},
      {a.deadline == b.deadline, "ledger.deadline"},
      {a.segment.count == b.segment.count, "ledger.segment"},
      {a.reserve.count == b.reserve.count, "ledger.reserve"},
      {a.anonymous_refusals_per_second == b.anonymous_refusals_per_second, "ledger.anonymous_refusals_per_second"},
      {a.refusals_per_second == b.refusals_per_second, "ledger.refusals_per_second"},
      {a.queue == b.queue, "ledger.queue"},
      {now.limits.connections == next.limits.connections, "limits.connections"},
      {now.limits.connections_per_address == next.limits.connections_per_address, "limits.connections_per_address"},
      {now.limits.upstream_connections == next.limits.upstream_connections, "limits.upstream_connections"},
      {now.limits.buffered_bytes.count == next.limits.buffered_bytes.count, "limits.buffered_bytes"},
      {now.limits.buffered_bytes_per_address.count == next.limits.buffered_bytes_per_address.count,
       "limits.buffered_bytes_per_address"},
  };
  for (const auto& [same, name] : all)
    if (!same) return name;
  return {};
}

void log_drained(Clock::duration took, std::uint64_t cut, bool whole) {
  log::Line line;
  line.msg = cut == 0 ? "drained: every exchange came to its own end" : "drained: the counted exchanges were cut";
  line.count = cut;
  line.took = std::chrono::duration_cast<std::chrono::milliseconds>(took);
  if (!whole) line.detail = "some record could not be written";
  log::write(whole && cut == 0 ? log::LogLevel::info : log::LogLevel::warn, log::Event::drained, line);
}

std::string url(const config::ServerTls& tls, const std::string& address, std::uint16_t port) {
  const char* const scheme = tls.given() ? "https" : "http";
  return address.find(':') == std::string::npos ? fmt::format("{}://{}:{}", scheme, address, port)
                                                : fmt::format("{}://[{}]:{}", scheme, address, port);
}

}  // namespace

struct Runtime::State {
  explicit State(Start start)
      : ledger(std::move(start.ledger)),
        settings(std::move(start.settings)),
        rules(std::move(start.rules)),
        tls(std::move(start.tls)) {}

  std::unique_ptr<audit::Ledger> ledger;  // outlives everything that records
  config::Settings settings;              // those in force; main thread
  std::shared_ptr<const policy::Rulebook> rules;
  std::shared_ptr<const Tls> tls;
  std::unique_ptr<Services> services;
  std::vector<std::unique_ptr<Worker>> workers;
  std::unique_ptr<Admin> admin;
  std::uint16_t port = 0;

  std::mutex mutex;
  std::condition_variable quiet;
  std::size_t busy = 0;  // loops that still have connections, while draining

  Outcome<void, std::string> open(const audit::Keyring& keyring);
  Outcome<std::shared_ptr<const Snapshot>, std::string> compile(const config::Settings& next,
                                                                std::shared_ptr<const policy::Rulebook> book,
                                                                std::shared_ptr<const Tls> trust) const;
  void publish(std::shared_ptr<const Snapshot> now);
  void record_rulebook() const;
  void post_all(const std::function<void(Worker&)>& what);
  Task<> watch_drained(Loop& loop);
  bool wait_quiet(std::chrono::milliseconds most);
  std::uint64_t in_flight() const;
  bool drained = false;
};

Runtime::Runtime(std::unique_ptr<State> state) : state_(std::move(state)) {}

Failed Runtime::start(Start start) {
  const audit::Keyring keyring = start.keyring;
  auto state = std::make_unique<State>(std::move(start));
  auto opened = state->open(keyring);
  if (!opened) return std::move(opened).error();
  return std::unique_ptr<Runtime>(new Runtime(std::move(state)));
}

Outcome<void, std::string> Runtime::State::open(const audit::Keyring& keyring) {
  raise_descriptor_limit();
  TRY(SessionSealer sealer, SessionSealer::make(keyring.session));
  services = std::make_unique<Services>(settings, *ledger, std::move(sealer), hash_keys(keyring));
  TRY(const std::uint16_t bound, probe_port(settings.listen.address.value, settings.listen.port));
  port = bound;
  for (unsigned i = 0; i < loops(settings.listen); ++i) {
    auto worker = std::make_unique<Worker>(*services);
    auto listening = worker->listener.open(settings.listen.address.value, port);
    if (!listening) return std::move(listening).error();
    workers.push_back(std::move(worker));
  }
  std::vector<LoopView> views;
  for (const auto& worker : workers) views.push_back({&worker->loop.meters, &worker->loop.deadlines});
  TRY(std::unique_ptr<Admin> opened, Admin::open(settings.admin, *services, std::move(views)));
  admin = std::move(opened);
  TRY(const std::shared_ptr<const Snapshot> now, compile(settings, rules, tls));
  admin->publish(now);
  for (auto& worker : workers) {
    worker->loop.now = now;
    worker->loop.deadlines.start();
    worker->listener.start();
  }
  Loop& first = workers.front()->loop;
  asio::co_spawn(first.io.get_executor(), keep_catalogues(first), asio::detached);
  asio::co_spawn(first.io.get_executor(), keep_keys(first), asio::detached);
  for (auto& worker : workers) {
    worker->thread = std::thread([&io = worker->loop.io] { io.run(); });
    ::pthread_setname_np(worker->thread.native_handle(), "loop");
  }
  admin->start();
  record_rulebook();
  return {};
}

void Runtime::State::post_all(const std::function<void(Worker&)>& what) {
  for (auto& worker : workers) asio::post(worker->loop.io, [what, &one = *worker] { what(one); });
}

// Each rulebook is recorded once, when it takes force.
void Runtime::State::record_rulebook() const {
  audit::Record record;
  record.type = audit::Type::rulebook;
  record.ts_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  record.id = audit::new_ulid(record.ts_ms);
  record.rulebook = rules->digest();
  record.mode = rules->mode();
  record.retention = rules->retention();
  ledger->append(std::move(record), audit::Durability::written, false, {});
}

// Everything that a reload replaces, or why it cannot be had.
Outcome<std::shared_ptr<const Snapshot>, std::string> Runtime::State::compile(const config::Settings& next,
                                                                              std::shared_ptr<const policy::Rulebook> book,
                                                                              std::shared_ptr<const Tls> trust) const {
  Snapshot out{next, std::move(book), Doorplate(next.listen, port), destinations_of(next), std::move(trust)};
  const Asked asked{out.rules->tenant(), out.rules->rules().claims()};
  TRY(out.authn, load_authn(next.authn, asked, services->hash_keys, services->key_sources));
  TRY(out.admin_authn, load_authn(next.admin.authn, asked, services->hash_keys, services->key_sources));
  out.resources = std::make_shared<const ProtectedResources>(next);
  TRY(out.credentials, load_credentials(next));
  return std::make_shared<const Snapshot>(std::move(out));
}

// Streams that nobody else would end are looked at again: their callers may not be known any more.
void Runtime::State::publish(std::shared_ptr<const Snapshot> now) {
  settings = now->settings;
  tls = now->tls;
  rules = now->rules;
  services->tokens.limit(settings.limits.upstream_tokens);
  record_rulebook();
  post_all([now](Worker& worker) {
    worker.loop.now = now;
    const std::set<Relay*> streams = worker.loop.streams;
    for (Relay* stream : streams) stream->recheck();
  });
  admin->publish(now);
}

std::string Runtime::data_url() const {
  return url(state_->settings.listen.tls, state_->settings.listen.address.value, state_->port);
}
std::string Runtime::admin_url() const {
  return url(state_->settings.admin.tls, state_->settings.admin.address.value, state_->admin->port());
}

Outcome<void, std::string> Runtime::reload(const config::Settings& next, std::shared_ptr<const policy::Rulebook> rules,
                                           std::shared_ptr<const Tls> tls) {
  if (const std::string name = needs_restart(state_->settings, next); !name.empty()) {
    reload_refused();
    return name + " changes with a restart only";
  }
  auto compiled = state_->compile(next, std::move(rules), std::move(tls));
  if (!compiled) {
    reload_refused();
    return std::move(compiled).error();
  }
  state_->publish(*std::move(compiled));
  state_->admin->reloaded(true);
  return {};
}

void Runtime::reload_refused() { state_->admin->reloaded(false); }

// Runs on the worker's loop until its last connection is gone.
Task<> Runtime::State::watch_drained(Loop& loop) {
  Timer timer(loop.io.get_executor());
  while (!loop.connections.empty() || loop.chores > 0) {
    timer.expires_after(std::chrono::milliseconds(10));
    error_code ignored;
    co_await timer.async_wait(into(ignored));
  }
  std::lock_guard lock(mutex);
  --busy;
  quiet.notify_all();
}

bool Runtime::State::wait_quiet(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex);
  return quiet.wait_for(lock, most, [this] { return busy == 0; });
}

// Exchanges under way, on all loops.
std::uint64_t Runtime::State::in_flight() const {
  std::int64_t sum = 0;
  for (const auto& worker : workers) sum += worker->loop.meters.in_flight.get();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(sum, 0));
}

bool Runtime::drain() {
  State& state = *state_;
  if (std::exchange(state.drained, true)) return true;
  const Clock::time_point begin = Clock::now();
  {
    std::lock_guard lock(state.mutex);
    state.busy = state.workers.size();
  }
  state.admin->draining();
  state.post_all([&state](Worker& worker) {
    worker.loop.draining = true;
    worker.listener.drain();
    worker.loop.upstream.cancel(false);
    worker.loop.egress.cancel(false);
    for (Connection* connection : worker.loop.connections) connection->drain();
    const std::set<Relay*> streams = worker.loop.streams;
    for (Relay* stream : streams) stream->drain();
    asio::co_spawn(worker.loop.io, state.watch_drained(worker.loop), asio::detached);
  });
  bool done = state.wait_quiet(state.settings.limits.drain);
  const std::uint64_t cut = done ? 0 : state.in_flight();
  if (!done) {
    log::Line line;
    line.msg = "limits.drain is over: cutting the exchanges that are left";
    line.count = cut;
    log::write(log::LogLevel::warn, log::Event::cut, line);
    state.post_all([](Worker& worker) {
      worker.loop.upstream.cancel(true);
      worker.loop.egress.cancel(true);
      const std::set<Connection*> left = worker.loop.connections;
      for (Connection* connection : left) connection->cut();
    });
    done = state.wait_quiet(kCutting);
  }
  state.ledger->close();  // every exchange has ended, and with it its entry
  const bool whole = done && !state.ledger->numbers().failed;
  if (!done) {
    // An exchange that neither ends nor can be cut still owns its coroutine: nothing under it may be taken apart.
    log::write(log::LogLevel::error, log::Event::unended, {.msg = "an exchange could not be ended"});
    log::finish();
    std::_Exit(kUnended);
  }
  state.post_all([](Worker& worker) {
    worker.loop.upstream.close_idle(Clock::time_point::max());
    worker.loop.deadlines.stop();
    worker.work.reset();
    worker.loop.io.stop();
  });
  for (auto& worker : state.workers) worker->thread.join();
  state.admin->stop();
  log_drained(Clock::now() - begin, cut, whole);
  return whole;
}

Runtime::~Runtime() {
  if (!state_->workers.empty() && state_->workers.front()->thread.joinable()) drain();
}

void Loop::log_refusal(const Exchange& x, const policy::Violation& violation) const {
  log::Line line;
  line.msg = "refused";
  line.trace_id = x.trace_id;
  line.entry = x.entry_id;
  if (x.server) line.server = x.server->name;
  line.reason = policy::name(violation.reason);
  line.detail = violation.detail;
  log::refusal(line);
}

void Loop::log_keys(const std::string& issuer, std::string_view why) const {
  log::Line line;
  line.msg = "the key set of an issuer was not fetched";
  const std::string detail = issuer + ": " + std::string(why);
  line.detail = detail;
  log::write(log::LogLevel::warn, log::Event::keys, line);
}

void Loop::log_token(const std::string& server, std::string_view why) const {
  log::Line line;
  line.msg = "a token for a server was not fetched";
  line.server = server;
  line.detail = why;
  log::write(log::LogLevel::warn, log::Event::token, line);
}

void Loop::log_descriptor(const std::string& server, const std::string& tool, const std::string& fault) const {
  log::Line line;
  line.msg = "the schema of a tool cannot be used: its calls are denied";
  line.server = server;
  const std::string detail = tool + ": " + fault;
  line.detail = detail;
  log::write(log::LogLevel::warn, log::Event::catalogue, line);
}

void Loop::log_catalogue(const std::string& server, const policy::Violation& violation) const {
  log::Line line;
  line.msg = "the catalogue of a server was not fetched";
  line.server = server;
  line.reason = policy::name(violation.reason);
  line.detail = violation.detail;
  log::write(log::LogLevel::warn, log::Event::catalogue, line);
}

}  // namespace durward::gateway
