#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "gateway/head.hpp"
#include "gateway/metrics.hpp"
#include "gateway/origin.hpp"

namespace durward::gateway {

struct AdminAnswer {
  unsigned status = 404;
  std::string_view type = "application/json";
  std::string body;
};

/// What the admin listener says. Nothing of a request reaches a body. Thread-safe.
class AdminAnswers {
 public:
  /// loops: all of the gateway's; they outlive this.
  AdminAnswers(const config::Admin& settings, Services& services, std::vector<LoopView> loops);

  /// The answer to a request; door says which Host and Origin are ours.
  AdminAnswer to(const Head& head, const Doorplate& door) const;
  void publish(std::shared_ptr<const Snapshot> now);
  void draining() { draining_ = true; }
  Metrics& metrics() { return metrics_; }

  /// 200 while every loop has ticked within admin.stall; else 503, and the body names the loops that have not.
  AdminAnswer livez(std::chrono::steady_clock::time_point now) const;
  /// 200 if calls can be served: configuration in force, a ledger that takes records, the catalogue of at least one server,
  /// and, where there are issuers, the keys of at least one. A server without a catalogue and an issuer whose keys could not be
  /// fetched last time are named, and do not make the others unreachable. 503 while the gateway drains.
  AdminAnswer readyz() const;

 private:
  AdminAnswer metrics_page(const Head& head) const;
  std::shared_ptr<const Snapshot> snapshot() const;
  const config::Admin settings_;
  Services& services_;
  const std::vector<LoopView> loops_;
  Metrics metrics_;
  std::atomic<bool> draining_{false};
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> now_;
};

}  // namespace durward::gateway
