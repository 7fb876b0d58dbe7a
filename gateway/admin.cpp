#include "gateway/admin.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "gateway/deadline.hpp"
#include "gateway/downstream.hpp"
#include "gateway/listener.hpp"

namespace durward::gateway {

namespace {
constexpr unsigned kAnswering = 32;  // probes at once; more are closed
}

policy::Outcome<std::unique_ptr<Admin>, std::string> Admin::open(const config::Admin& settings, Services& services) {
  TRY(const std::uint16_t port, probe_port(settings.address.value, settings.port));
  std::unique_ptr<Admin> admin(new Admin(services));
  auto opened = open_acceptor(admin->acceptor_, settings.address.value, port);
  if (!opened) return std::move(opened).error();
  admin->port_ = port;
  return admin;
}

void Admin::publish(std::shared_ptr<const Snapshot> now) {
  std::lock_guard lock(mutex_);
  now_ = std::move(now);
}

void Admin::start() {
  asio::co_spawn(io_.get_executor(), accept(), asio::detached);
  thread_ = std::thread([this] { io_.run(); });
}

void Admin::stop() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

Task<> Admin::accept() {
  Timer pause(io_.get_executor());
  for (;;) {
    error_code ec;
    Socket socket(io_.get_executor());
    co_await acceptor_.async_accept(socket, into(ec));
    if (ec == asio::error::operation_aborted) co_return;
    if (!ec && answering_ < kAnswering) {
      asio::co_spawn(io_.get_executor(), answer(std::move(socket)), asio::detached);
    } else if (ec) {
      pause.expires_after(std::chrono::milliseconds(20));  // out of descriptors, most likely
      co_await pause.async_wait(into(ec));
    }
  }
}

Task<> Admin::answer(Socket socket) {
  std::shared_ptr<const Snapshot> now;
  {
    std::lock_guard lock(mutex_);
    now = now_;
  }
  struct Counted {
    explicit Counted(unsigned& all) : count(all) { ++count; }
    ~Counted() { --count; }
    unsigned& count;
  } const counted(answering_);
  Deadlines deadlines(io_.get_executor());
  deadlines.start();
  Downstream downstream(std::move(socket), deadlines, now);
  downstream.close_after_this();
  auto read = co_await downstream.read_head();
  if (read) {
    const Doorplate door(config::Listen{now->settings.admin.address, port_, {}, {}, 1}, port_);
    const Head& head = downstream.head();
    unsigned status = 404;
    std::string body = "{\"error\":\"no such path\"}\n";
    const bool ours = check_head(head) && door.host_allowed(head.find("host")) && door.origin_allowed(head.find("origin"));
    if (!ours) {
      status = 403;
      body = "{\"error\":\"Host or Origin\"}\n";
    } else if (head.method != "GET") {
      status = 405;
      body = "{\"error\":\"GET only\"}\n";
    } else {
      bool good = false;
      const std::string answer = respond(head.target, good);
      if (!answer.empty()) {
        status = good ? 200 : 503;
        body = answer;
      }
    }
    const Headers headers{{"content-type", "application/json"}, {"cache-control", "no-store"}};
    co_await downstream.respond(status, headers, body);
  }
  deadlines.stop();
}

// Alive: this thread answers. Ready: records can be written, and the gateway is not on its way out. A server whose catalogue
// is missing is named, and does not make the others unreachable.
std::string Admin::respond(std::string_view target, bool& good) const {
  if (target == "/livez" || target == "/startupz") {
    good = true;
    return "{\"status\":\"ok\"}\n";
  }
  if (target != "/readyz") return {};
  std::shared_ptr<const Snapshot> now;
  {
    std::lock_guard lock(mutex_);
    now = now_;
  }
  const bool ledger = services_.ledger.healthy();
  good = ledger && !draining_;
  std::string missing;
  for (const auto& [name, server] : now->settings.servers)
    if (services_.catalogues.of(server).listing({}) == policy::Listing::unavailable)
      missing += (missing.empty() ? "\"" : ",\"") + name + "\"";
  const char* status = draining_ ? "draining" : !ledger ? "no ledger" : missing.empty() ? "ok" : "degraded";
  return std::string("{\"status\":\"") + status + "\",\"without_catalogue\":[" + missing + "]}\n";
}

}  // namespace durward::gateway
