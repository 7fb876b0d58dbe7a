#pragma once
#include <prometheus/collectable.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/metrics_meters.hpp"

namespace durward::gateway {

struct Services;
struct Snapshot;
class Deadlines;

/// What the admin listener reads of one event loop. Both outlive the listener.
struct LoopView {
  const Meters* meters;
  const Deadlines* deadlines;
};

/// Everything that /metrics says, gathered when it is asked for: what the loops have counted, and what the shared parts say of
/// themselves. Thread-safe.
class Metrics final : public prometheus::Collectable {
 public:
  /// loops: all of them, for good.
  Metrics(Services& services, std::vector<LoopView> loops);

  void publish(std::shared_ptr<const Snapshot> now);
  /// A reload has ended. good: its files are in force.
  void reloaded(bool good);

  std::vector<prometheus::MetricFamily> Collect() const override;
  /// The answer to GET /metrics: the text format, version 0.0.4.
  std::string text() const;

 private:
  Services& services_;
  const std::vector<LoopView> loops_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> now_;
  std::uint64_t reloads_ = 0, refused_reloads_ = 0;
  bool reload_good_ = true;
  std::chrono::system_clock::time_point reload_time_ = std::chrono::system_clock::now();
};

}  // namespace durward::gateway
