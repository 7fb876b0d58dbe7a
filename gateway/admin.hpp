#pragma once
#include <boost/asio/io_context.hpp>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gateway/admin_answers.hpp"
#include "gateway/asio.hpp"
#include "gateway/deadline.hpp"

namespace durward::gateway {

class Downstream;
class TlsServer;

/// The operator's listener, never the data port: GET /livez, /readyz, /startupz and /metrics. Beyond loopback with TLS only.
/// One thread, and one answer a connection, within admin.deadline. It answers from start() on, until then connections wait in
/// the backlog. Beyond admin.connections the oldest connection ends: whoever holds connections open can neither keep a probe
/// out nor touch the data plane.
class Admin {
 public:
  /// loops: all of the gateway's; they outlive the listener. Errors: one sentence for the operator.
  static policy::Outcome<std::unique_ptr<Admin>, std::string> open(const config::Admin& settings, Services& services,
                                                                   std::vector<LoopView> loops);
  ~Admin() { stop(); }
  void start();
  void stop();
  void draining() { answers_.draining(); }
  /// The snapshot in force, before start() and after each reload. Any thread.
  void publish(const std::shared_ptr<const Snapshot>& now);
  /// A reload has ended. good: its files are in force. Any thread.
  void reloaded(bool good) { answers_.metrics().reloaded(good); }
  std::uint16_t port() const { return port_; }

 private:
  Admin(const config::Admin& settings, Services& services, std::vector<LoopView> loops);
  Task<> accept();
  Task<> answer(Socket socket);
  Task<bool> secure(Downstream& downstream, const std::string& address);
  Task<> report_suppressed();
  void make_room();
  const config::Admin settings_;
  AdminAnswers answers_;
  asio::io_context io_{1};
  Acceptor acceptor_;
  Timer report_;
  Deadlines deadlines_;
  std::thread thread_;
  std::uint16_t port_ = 0;
  std::list<Downstream*> open_;           // the oldest first; its thread only
  std::shared_ptr<const Snapshot> own_;   // our limits and our Doorplate
  std::shared_ptr<const TlsServer> tls_;  // of the snapshot in force; null: plain. Its thread only, once that runs
  Services& services_;
};

}  // namespace durward::gateway
