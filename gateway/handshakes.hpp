#pragma once
#include <array>
#include <atomic>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "config/settings.hpp"
#include "gateway/tls_tickets.hpp"
#include "quotas/rate_table.hpp"

namespace durward::gateway {

/// TLS handshakes with callers: how many may begin, how they ended, and the keys of their tickets. Shared by loops; any thread.
class Handshakes {
 public:
  enum class Listener : std::uint8_t { data, admin };
  enum class End : std::uint8_t {
    full,         // with certificate and signature
    resumed,      // of an earlier session
    refused,      // none was begun: limits.handshakes or limits.handshakes_per_address
    certificate,  // the caller's does not hold
    late,         // limits.handshake
    failed,       // the caller speaks no TLS that we do, or left
  };
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kListeners = 2, kEnds = 6;
  static std::string_view name(Listener listener) noexcept;
  static std::string_view name(End end) noexcept;

  Handshakes();
  /// Whether one more may begin now; each listener has a budget of its own. Counts one that may not.
  bool admit(Listener listener, std::string_view address, const config::Limits& limits, Time now);
  void count(Listener listener, End end) noexcept { cell(listener, end).fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t ended(Listener listener, End end) const noexcept {
    return counts_[index(listener, end)].load(std::memory_order_relaxed);
  }
  TicketKeys& tickets() { return tickets_; }

 private:
  static std::size_t index(Listener listener, End end) {
    return static_cast<std::size_t>(listener) * kEnds + static_cast<std::size_t>(end);
  }
  std::atomic<std::uint64_t>& cell(Listener listener, End end) { return counts_[index(listener, end)]; }
  quotas::RateTable rates_;
  std::array<std::atomic<std::uint64_t>, kListeners * kEnds> counts_{};
  TicketKeys tickets_;
};

/// How a handshake ended that came to ec; resumed: where it succeeded.
Handshakes::End end_of(const boost::system::error_code& ec, bool resumed) noexcept;

}  // namespace durward::gateway
