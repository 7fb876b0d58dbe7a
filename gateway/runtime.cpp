#include "gateway/runtime.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <thread>

#include "gateway/admin.hpp"
#include "gateway/connection.hpp"
#include "gateway/exchange.hpp"
#include "gateway/listener.hpp"
#include "gateway/relay.hpp"
#include "gateway/self_client.hpp"

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

unsigned loops(const config::Listen& listen) {
  if (listen.threads > 0) return listen.threads;
  return std::clamp(std::thread::hardware_concurrency(), 1u, 8u);
}

std::string url(const std::string& address, std::uint16_t port) {
  return address.find(':') == std::string::npos ? fmt::format("http://{}:{}", address, port)
                                                : fmt::format("http://[{}]:{}", address, port);
}

}  // namespace

struct Runtime::State {
  explicit State(Start start)
      : ledger(std::move(start.ledger)), settings(std::move(start.settings)), rules(std::move(start.rules)) {}

  std::unique_ptr<audit::Ledger> ledger;  // outlives everything that records
  config::Settings settings;              // those in force; main thread
  std::shared_ptr<const policy::Rulebook> rules;
  std::unique_ptr<Services> services;
  std::vector<std::unique_ptr<Worker>> workers;
  std::unique_ptr<Admin> admin;
  std::uint16_t port = 0;

  std::mutex mutex;
  std::condition_variable quiet;
  std::size_t busy = 0;  // loops that still have connections, while draining

  Outcome<void, std::string> open(const audit::Keyring& keyring);
  void publish();
  void record_rulebook() const;
  void post_all(const std::function<void(Worker&)>& what);
  void watch_drained(Worker& worker);
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
  TRY(SessionSealer sealer, SessionSealer::make(keyring.session));
  services = std::make_unique<Services>(settings, *ledger, std::move(sealer));
  TRY(const std::uint16_t bound, probe_port(settings.listen.address.value, settings.listen.port));
  port = bound;
  for (unsigned i = 0; i < loops(settings.listen); ++i) {
    auto worker = std::make_unique<Worker>(*services);
    auto listening = worker->listener.open(settings.listen.address.value, port);
    if (!listening) return std::move(listening).error();
    workers.push_back(std::move(worker));
  }
  TRY(std::unique_ptr<Admin> opened, Admin::open(settings.admin, *services));
  admin = std::move(opened);
  auto now = std::make_shared<const Snapshot>(Snapshot{settings, rules, Doorplate(settings.listen, port)});
  admin->publish(now);
  for (auto& worker : workers) {
    worker->loop.now = now;
    worker->loop.deadlines.start();
    worker->listener.start();
  }
  Loop& first = workers.front()->loop;
  asio::co_spawn(first.io.get_executor(), keep_catalogues(first), asio::detached);
  for (auto& worker : workers) worker->thread = std::thread([&io = worker->loop.io] { io.run(); });
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

void Runtime::State::publish() {
  record_rulebook();
  auto now = std::make_shared<const Snapshot>(Snapshot{settings, rules, Doorplate(settings.listen, port)});
  post_all([now](Worker& worker) { worker.loop.now = now; });
  admin->publish(now);
}

std::string Runtime::data_url() const { return url(state_->settings.listen.address.value, state_->port); }
std::string Runtime::admin_url() const { return url(state_->settings.admin.address.value, state_->admin->port()); }

Outcome<void, std::string> Runtime::reload(const config::Settings& next, std::shared_ptr<const policy::Rulebook> rules) {
  const config::Settings& now = state_->settings;
  const bool listen = next.listen.address.value != now.listen.address.value || next.listen.port != now.listen.port ||
                      next.listen.threads != now.listen.threads;
  const bool admin = next.admin.address.value != now.admin.address.value || next.admin.port != now.admin.port;
  const bool ledger = next.ledger.dir.value != now.ledger.dir.value || next.ledger.key_ref.value != now.ledger.key_ref.value ||
                      next.ledger.keyring.value != now.ledger.keyring.value || next.ledger.origin != now.ledger.origin ||
                      next.ledger.side_effects != now.ledger.side_effects || next.ledger.reads != now.ledger.reads;
  if (listen) return std::string("listen.address, listen.port and listen.threads change with a restart only");
  if (admin) return std::string("admin changes with a restart only");
  if (ledger) return std::string("ledger changes with a restart only");
  state_->settings = next;
  state_->rules = std::move(rules);
  state_->publish();
  return {};
}

// Runs on the worker's loop until its last connection is gone.
void Runtime::State::watch_drained(Worker& worker) {
  auto timer = std::make_shared<Timer>(worker.loop.io.get_executor());
  auto check = std::make_shared<std::function<void()>>();
  *check = [this, &worker, timer, check] {
    if (worker.loop.connections.empty()) {
      std::lock_guard lock(mutex);
      --busy;
      quiet.notify_all();
      *check = nullptr;
      return;
    }
    timer->expires_after(std::chrono::milliseconds(10));
    timer->async_wait([check](error_code ec) {
      if (!ec && *check) (*check)();
    });
  };
  (*check)();
}

bool Runtime::drain() {
  State& state = *state_;
  if (std::exchange(state.drained, true)) return true;
  {
    std::lock_guard lock(state.mutex);
    state.busy = state.workers.size();
  }
  state.admin->draining();
  state.post_all([&state](Worker& worker) {
    worker.loop.draining = true;
    worker.listener.drain();
    for (Connection* connection : worker.loop.connections) connection->drain();
    const std::set<Relay*> streams = worker.loop.streams;
    for (Relay* stream : streams) stream->drain();
    state.watch_drained(worker);
  });
  {
    std::unique_lock lock(state.mutex);
    const bool done = state.quiet.wait_for(lock, state.settings.limits.drain, [&state] { return state.busy == 0; });
    if (!done) spdlog::warn("limits.drain is over: cutting what is left");
  }
  state.post_all([](Worker& worker) {
    const std::set<Connection*> left = worker.loop.connections;
    for (Connection* connection : left) connection->cut();
    worker.loop.upstream.close_idle();
    worker.loop.deadlines.stop();
    worker.work.reset();
  });
  state.ledger->close();  // what was cut is on record as abandoned or failed before this returns
  const bool whole = !state.ledger->numbers().failed;
  for (auto& worker : state.workers) worker->loop.io.stop();
  for (auto& worker : state.workers) worker->thread.join();
  state.admin->stop();
  return whole;
}

Runtime::~Runtime() {
  if (!state_->workers.empty() && state_->workers.front()->thread.joinable()) drain();
}

void Loop::log_refusal(const Exchange& x, const policy::Violation& violation) const {
  spdlog::info("refused reason={} server={} entry={} trace={} detail=\"{}\"", policy::name(violation.reason),
               x.server ? x.server->name : "-", x.entry_id, x.trace_id, violation.detail);
}

void Loop::log_catalogue(const std::string& server, const policy::Violation& violation) const {
  spdlog::warn("catalogue of server {} not fetched: {}: {}", server, policy::name(violation.reason), violation.detail);
}

}  // namespace durward::gateway
