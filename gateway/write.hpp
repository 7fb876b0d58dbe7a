#pragma once
#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <string_view>

#include "gateway/channel.hpp"

namespace durward::gateway {

using Parts = std::array<asio::const_buffer, 3>;

inline Parts parts_of(std::string_view first, std::string_view second, std::string_view third = {}) {
  return {asio::buffer(first.data(), first.size()), asio::buffer(second.data(), second.size()),
          asio::buffer(third.data(), third.size())};
}

/// So many bytes from the front have been written.
inline void take_off(Parts& parts, std::size_t done) {
  for (asio::const_buffer& part : parts) {
    const std::size_t here = std::min(done, part.size());
    part += here;
    done -= here;
  }
}

/// Writes what is taken at once, without waiting, and leaves the rest in parts. True: nothing is left, or ec says why.
/// Nearly every answer fits the socket's buffer, and an asynchronous write costs another turn of the loop. The socket must be
/// tuned.
inline bool write_now(Channel& socket, Parts& parts, error_code& ec) {
  const std::size_t done = socket.write_some(parts, ec);
  if (ec == asio::error::would_block) ec = {};
  if (ec) return true;
  take_off(parts, done);
  return asio::buffer_size(parts) == 0;
}

}  // namespace durward::gateway
