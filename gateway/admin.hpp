#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "gateway/asio.hpp"
#include "gateway/services.hpp"

namespace durward::gateway {

/// The operator's listener, never the data port: GET /livez, /readyz and /startupz. Loopback only. One thread, one small
/// answer a connection.
class Admin {
 public:
  static policy::Outcome<std::unique_ptr<Admin>, std::string> open(const config::Admin& settings, Services& services);
  ~Admin() { stop(); }
  void start();
  void stop();
  void draining() { draining_ = true; }
  /// The snapshot in force. Any thread.
  void publish(std::shared_ptr<const Snapshot> now);
  std::uint16_t port() const { return port_; }

 private:
  Admin(Services& services) : services_(services), acceptor_(io_.get_executor()) {}
  Task<> accept();
  Task<> answer(Socket socket);
  std::string respond(std::string_view target, bool& good) const;
  Services& services_;
  asio::io_context io_{1};
  Acceptor acceptor_;
  std::thread thread_;
  std::uint16_t port_ = 0;
  unsigned answering_ = 0;  // its thread only
  std::atomic<bool> draining_{false};
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> now_;
};

}  // namespace durward::gateway
