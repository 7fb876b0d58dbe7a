#include "gateway/channel.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace durward::gateway {

std::size_t Channel::now(const TlsStep& step, error_code& ec) {
  if (step.status == Status::closed)
    ec = asio::error::eof;
  else if (step.waits())
    ec = asio::error::would_block;
  else
    ec = step.error;
  return step.count;
}

void Channel::leave(bool clean) {
  if (clean) tls_->goodbye();
  tls_->detach();
}

Task<error_code> Channel::handshake() {
  const std::shared_ptr<TlsStream> tls = tls_;
  for (;;) {
    const TlsStep step = tls->handshake();
    if (!step.waits()) {
      error_code ended;
      now(step, ended);
      co_return ended;
    }
    const Socket::wait_type ready = waits_for(step.status);
    error_code ec;
    co_await socket_.async_wait(ready, into(ec));
    if (ec) co_return ec;
  }
}

bool Channel::quiet() {
  if (tls_) return tls_->quiet();
  char byte = 0;
  return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace durward::gateway
