#include "gateway/admin.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "gateway/downstream.hpp"
#include "gateway/listener.hpp"
#include "gateway/log.hpp"
#include "gateway/refusal.hpp"
#include "gateway/services.hpp"

namespace durward::gateway {

Admin::Admin(const config::Admin& settings, Services& services, std::vector<LoopView> loops)
    : settings_(settings),
      answers_(settings, services, std::move(loops)),
      acceptor_(io_.get_executor()),
      report_(io_.get_executor()),
      deadlines_(io_.get_executor()),
      services_(services) {}

policy::Outcome<std::unique_ptr<Admin>, std::string> Admin::open(const config::Admin& settings, Services& services,
                                                                 std::vector<LoopView> loops) {
  TRY(const std::uint16_t port, probe_port(settings.address.value, settings.port));
  std::unique_ptr<Admin> admin(new Admin(settings, services, std::move(loops)));
  auto opened = open_acceptor(admin->acceptor_, settings.address.value, port);
  if (!opened) return std::move(opened).error();
  admin->port_ = port;
  return admin;
}

void Admin::publish(const std::shared_ptr<const Snapshot>& now) {
  answers_.publish(now);
  asio::post(io_, [this, tls = now->tls->admin] { tls_ = tls; });
  if (own_) return;  // what is ours changes with a restart only
  tls_ = now->tls->admin;
  config::Listen listen;
  listen.address = settings_.address;
  listen.hosts = settings_.hosts;
  listen.tls = settings_.tls;
  Snapshot own{now->settings, now->rules, Doorplate(listen, port_)};
  own.settings.limits.header_read = own.settings.limits.idle = settings_.deadline;
  own_ = std::make_shared<const Snapshot>(std::move(own));
}

void Admin::start() {
  deadlines_.start();
  asio::co_spawn(io_.get_executor(), accept(), asio::detached);
  asio::co_spawn(io_.get_executor(), report_suppressed(), asio::detached);
  thread_ = std::thread([this] { io_.run(); });
  ::pthread_setname_np(thread_.native_handle(), "admin");
}

// Ends what waits instead of stopping the loop under it: every coroutine must be gone before what it uses is.
void Admin::stop() {
  if (!thread_.joinable()) return;
  asio::post(io_, [this] {
    error_code ignored;
    acceptor_.close(ignored);
    report_.cancel();
    deadlines_.stop();
    for (Downstream* one : open_) one->abort();
  });
  thread_.join();
}

Task<> Admin::accept() {
  Timer pause(io_.get_executor());
  while (acceptor_.is_open()) {
    error_code ec;
    Socket socket(io_.get_executor());
    co_await acceptor_.async_accept(socket, into(ec));
    if (!ec) {
      make_room();
      asio::co_spawn(io_.get_executor(), answer(std::move(socket)), asio::detached);
    } else if (acceptor_.is_open()) {
      pause.expires_after(std::chrono::milliseconds(20));  // out of descriptors, most likely
      co_await pause.async_wait(into(ec));
    }
  }
}

Task<bool> Admin::secure(Downstream& downstream, const std::string& address) {
  constexpr Handshakes::Listener kUs = Handshakes::Listener::admin;
  Handshakes& handshakes = services_.handshakes;
  if (!handshakes.admit(kUs, address, own_->settings.limits, Clock::now())) co_return false;
  const error_code ec = co_await downstream.secure(tls_, handshakes.tickets(), settings_.deadline);
  handshakes.count(kUs, end_of(ec, downstream.tls() && downstream.tls()->resumed()));
  co_return !ec;
}

// A connection that is aborted leaves open_ at once; its coroutine ends a little later.
void Admin::make_room() {
  while (open_.size() >= settings_.connections) {
    Downstream* oldest = open_.front();
    open_.pop_front();
    oldest->abort();
  }
}

Task<> Admin::answer(Socket socket) {
  if (!acceptor_.is_open()) co_return;  // accepted just before stop()
  error_code ec;
  const std::string address = counted_address(socket.remote_endpoint(ec).address());
  if (ec) co_return;
  Downstream downstream(Channel(std::move(socket)), deadlines_, own_);
  open_.push_back(&downstream);
  struct Leaves {
    ~Leaves() { all.remove(one); }
    std::list<Downstream*>& all;
    Downstream* one;
  } const leaves{open_, &downstream};
  Deadline whole(deadlines_, [&downstream] { downstream.abort(); });
  whole.arm(settings_.deadline);
  if (tls_) {
    const bool secured = co_await secure(downstream, address);
    if (!secured) co_return;
  }
  downstream.close_after_this();
  auto read = co_await downstream.read_head();
  if (!read && read.error().reason == policy::Reason::client_gone) co_return;
  AdminAnswer said;
  if (read) {
    said = answers_.to(downstream.head(), own_->door);
  } else {
    said.status = row(read.error().reason).http;
    said.body = "{\"error\":\"" + std::string(policy::name(read.error().reason)) + "\"}\n";
  }
  Headers headers{{"content-type", std::string(said.type)}, {"cache-control", "no-store"}};
  if (said.status == 405) headers.add("allow", "GET, HEAD");
  if (said.status == 401) headers.add("www-authenticate", "Bearer realm=\"durward\"");
  CO_DONE(downstream.respond(said.status, headers, said.body));
  co_await downstream.linger();
}

Task<> Admin::report_suppressed() {
  error_code ec;
  while (!ec && acceptor_.is_open()) {
    report_.expires_after(std::chrono::seconds(1));
    co_await report_.async_wait(into(ec));
    log::report_suppressed();
  }
}

}  // namespace durward::gateway
