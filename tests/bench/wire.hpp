#pragma once
#include <openssl/ssl.h>

#include <memory>
#include <string_view>

#include "net.hpp"

namespace durward::bench {

/// A connection that carries bytes in clear or over TLS. Results are those of send and recv, errno included.
class Wire {
 public:
  Wire(Fd fd, bool tls) : fd_(std::move(fd)) {
    if (tls) shake();
  }
  int fd() const { return fd_.get(); }

  ssize_t send(std::string_view bytes) const {
    if (!ssl_) return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  }
  ssize_t receive(char* out, std::size_t size) const {
    if (!ssl_) return ::recv(fd_.get(), out, size, 0);
    const int got = SSL_read(ssl_.get(), out, static_cast<int>(size));
    if (got > 0) return got;
    const int why = SSL_get_error(ssl_.get(), got);
    if (why == SSL_ERROR_ZERO_RETURN) return 0;
    errno = why == SSL_ERROR_WANT_READ ? EAGAIN : EPROTO;
    return -1;
  }
  /// Whether a read that brought less than it might have leaves nothing behind: a record of TLS ends a read early.
  bool drained_by_short_read() const { return !ssl_; }

 private:
  // Whom it talks to is not what is measured: nobody is verified.
  static SSL_CTX* context() {
    static const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> made(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    return made.get();
  }
  void shake() {
    ssl_.reset(SSL_new(context()));
    if (::fcntl(fd_.get(), F_SETFL, 0) != 0) die("fcntl");
    if (!ssl_ || SSL_set_fd(ssl_.get(), fd_.get()) != 1 || SSL_connect(ssl_.get()) != 1) die("TLS");
    tune(fd_.get());
  }
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  Fd fd_;
  std::unique_ptr<SSL, Free> ssl_;
};

}  // namespace durward::bench
