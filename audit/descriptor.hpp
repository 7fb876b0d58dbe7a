#pragma once
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "config/descriptor.hpp"

namespace durward::audit {

using config::Descriptor;

/// Writes everything, however many calls it takes. False: errno says why, and any part may have been written.
template <class Write>
bool write_all(Write&& write, int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

inline bool write_all(int fd, std::string_view bytes) { return write_all(::write, fd, bytes); }

}  // namespace durward::audit
