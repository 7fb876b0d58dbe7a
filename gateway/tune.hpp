#pragma once
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "gateway/asio.hpp"

namespace durward::gateway {

/// Small messages go out at once; a peer that vanished is noticed by the kernel within two minutes even on a silent stream.
inline void tune(Socket& socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  socket.non_blocking(true, ignored);
  const int idle = 60, interval = 15, probes = 4;
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

}  // namespace durward::gateway
