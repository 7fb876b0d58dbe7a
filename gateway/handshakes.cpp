#include "gateway/handshakes.hpp"

#include <boost/system/errc.hpp>
#include <string>

#include "gateway/tls_stream.hpp"

namespace durward::gateway {

namespace {

using End = Handshakes::End;

constexpr std::size_t kAddresses = 1 << 14;

constexpr std::array<std::string_view, Handshakes::kEnds> kEndNames{"full",        "resumed", "refused",
                                                                    "certificate", "late",    "failed"};

}  // namespace

std::string_view Handshakes::name(Listener listener) noexcept { return listener == Listener::data ? "listen" : "admin"; }
std::string_view Handshakes::name(End end) noexcept { return kEndNames[static_cast<std::size_t>(end)]; }

Handshakes::Handshakes() : rates_(kAddresses, quotas::RateTable::random_seed()) {}

// The address first: who is over its own budget takes nothing of everybody's.
bool Handshakes::admit(Listener listener, std::string_view address, const config::Limits& limits, Time now) {
  const std::string all(name(listener));
  const std::string one = all + ' ' + std::string(address);
  const std::int64_t now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
  const bool passes = rates_.take({one, quotas::Limit::per_second(limits.handshakes_per_address)}, now_ns).passes &&
                      rates_.take({all, quotas::Limit::per_second(limits.handshakes)}, now_ns).passes;
  if (!passes) count(listener, End::refused);
  return passes;
}

End end_of(const boost::system::error_code& ec, bool resumed) noexcept {
  if (!ec) return resumed ? End::resumed : End::full;
  if (ec == boost::system::errc::timed_out) return End::late;
  return std::error_code(ec).category() == certificate_category() ? End::certificate : End::failed;
}

}  // namespace durward::gateway
