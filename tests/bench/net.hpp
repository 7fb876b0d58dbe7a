#pragma once
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

/// The few socket calls that the programs of the benchmark share. Loopback only; whatever fails ends the program with a
/// message.
namespace durward::bench {

[[noreturn]] inline void die(std::string_view what) {
  std::fprintf(stderr, "bench: %.*s: %s\n", static_cast<int>(what.size()), what.data(), std::strerror(errno));
  std::exit(1);
}

/// A file descriptor that closes itself.
class Fd {
 public:
  explicit Fd(int number = -1) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Fd() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }

 private:
  int number_;
};

/// 127.0.0.host:port
inline sockaddr_in loopback(std::uint16_t port, std::uint32_t host = 1) {
  sockaddr_in out = {};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl((127U << 24) + host);
  return out;
}

inline const sockaddr* plain(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

/// Non-blocking, without Nagle's delay.
inline void tune(int fd) {
  const int on = 1;
  if (::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) die("setsockopt");
  if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) die("fcntl");
}

/// A connection from 127.0.0.host to 127.0.0.1:port.
inline Fd dial(std::uint16_t port, std::uint32_t host = 1) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) die("socket");
  const sockaddr_in from = loopback(0, host);
  if (host != 1 && ::bind(fd.get(), plain(from), sizeof from) != 0) die("bind");
  const sockaddr_in to = loopback(port);
  if (::connect(fd.get(), plain(to), sizeof to) != 0) die("connect");
  tune(fd.get());
  return fd;
}

}  // namespace durward::bench
