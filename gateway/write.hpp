#pragma once
#include <array>
#include <boost/asio/buffer.hpp>

#include "gateway/channel.hpp"

namespace durward::gateway {

using Parts = std::array<asio::const_buffer, 3>;

/// Writes what is taken at once, without waiting, and leaves the rest in parts. True: nothing is left, or ec says why.
/// Nearly every answer fits the socket's buffer, and an asynchronous write costs another turn of the loop. The socket must be
/// tuned.
inline bool write_now(Channel& socket, Parts& parts, error_code& ec) {
  std::size_t done = socket.write_some(parts, ec);
  if (ec == asio::error::would_block) ec = {};
  if (ec) return true;
  for (asio::const_buffer& part : parts) {
    const std::size_t here = std::min(done, part.size());
    part += here;
    done -= here;
  }
  return asio::buffer_size(parts) == 0;
}

}  // namespace durward::gateway
