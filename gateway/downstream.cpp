#include "gateway/downstream.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include "gateway/tune.hpp"

namespace durward::gateway {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

namespace {
// A caller that takes an answer this slowly is not there any more.
constexpr std::chrono::seconds kWriteStall{60};

// How long a kept connection may still begin a request once the gateway drains.
constexpr std::chrono::seconds kDrainGrace{2};

// How long, and for how much, a refused body is read and thrown away.
constexpr std::chrono::seconds kLinger{2};
constexpr std::size_t kLingerBytes = 16 << 20;
constexpr std::size_t kScrapBytes = 16 << 10;

enum class Peer { quiet, talking, gone };
Peer peek(Socket& socket) {
  char byte = 0;
  const auto got = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got > 0) return Peer::talking;
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Peer::quiet;
  return Peer::gone;
}
}  // namespace

Downstream::Downstream(Socket socket, Deadlines& deadlines, const std::shared_ptr<const Snapshot>& now)
    : socket_(std::move(socket)), now_(now), deadline_(deadlines, [this] {
        error_code ignored;
        if (writing_) {
          socket_.close(ignored);
        } else {
          socket_.cancel(ignored);
        }
      }) {
  tune(socket_);
}

void Downstream::drain() {
  closing_ = true;
  if (idle_) deadline_.arm(kDrainGrace);
}

Task<error_code> Downstream::more() {
  error_code ec;
  const std::span<char> space = unread_.space();
  const std::size_t got = co_await socket_.async_read_some(asio::buffer(space.data(), space.size()), into(ec));
  unread_.commit(got);
  // The deadline may pass while a read that has just ended waits for its turn: it counts all the same.
  if (!ec && deadline_.expired()) ec = asio::error::operation_aborted;
  if (ec && !deadline_.expired()) gone_ = true;
  co_return ec;
}

Task<Outcome<void>> Downstream::read_head() {
  began_ = promised_ = false;
  if (unread_.empty()) {
    auto first = co_await await_request();
    if (!first) co_return std::move(first).error();
  }
  request_ = now_;
  ParserLimits bounds;
  bounds.header_bytes = limits().header_bytes.count;
  bounds.header_fields = limits().header_fields;
  bounds.body_bytes = limits().body_bytes.count;
  parser_.reset(bounds);
  deadline_.arm(limits().header_read);
  for (;;) {
    auto used = parser_.put_head(unread_.unread());
    if (!used) co_return std::move(used).error();
    unread_.consume(*used);
    if (parser_.head_done()) break;
    const error_code ec = co_await more();
    if (ec && deadline_.expired()) co_return Violation(Reason::request_timeout, "limits.header_read");
    if (ec) co_return Violation(Reason::client_gone, ec.message());
  }
  deadline_.disarm();
  co_return Outcome<void>();
}

// Until a request's first byte. What belonged to the one before is let go.
Task<Outcome<void>> Downstream::await_request() {
  idle_ = true;
  parser_.rest();
  unread_.rest();
  request_.reset();
  const Clock::duration idle = closing_ ? Clock::duration(kDrainGrace) : Clock::duration(now_->settings.limits.idle);
  deadline_.arm(idle);
  while (unread_.empty()) {
    const error_code ec = co_await more();
    if (ec) co_return Violation(Reason::client_gone, ec.message());
  }
  idle_ = false;
  co_return Outcome<void>();
}

// Parses what is there. Whether it has made progress.
Outcome<bool> Downstream::take_payload(Held& held) {
  if (unread_.empty()) return false;
  auto used = parser_.put_body(unread_.unread());
  if (!used) return std::move(used).error();
  unread_.consume(*used);
  if (!held.grow_to(parser_.body.size())) return Violation(Reason::overloaded, "limits.buffered_bytes");
  if (parser_.done() || *used > 0) return true;
  // Chunk extensions and trailers are not payload, but they are not free either.
  if (unread_.size() > limits().header_bytes.count) return Violation(Reason::http_malformed, "a chunk's framing is too long");
  return false;
}

Task<Outcome<std::string>> Downstream::read_body(Held& held) {
  if (!parser_.done() && unread_.empty() && !head().find("expect").empty()) {
    if (!co_await write("HTTP/1.1 100 Continue\r\n\r\n")) co_return Violation(Reason::client_gone, "while sending 100");
  }
  Clock::time_point window = Clock::now();
  std::size_t at_window = 0;
  while (!parser_.done()) {
    CO_TRY(const bool progress, take_payload(held));
    if (progress) continue;
    // In every window of body_grace a body must keep up limits.body_rate: what came fast before buys no silence.
    const std::size_t size = parser_.body.size();
    const Clock::time_point now = Clock::now();
    if (now >= window + limits().body_grace) {
      if (size - at_window < limits().body_rate.count * static_cast<std::uint64_t>(limits().body_grace.count()))
        co_return Violation(Reason::request_timeout, "limits.body_rate");
      window = now;
      at_window = size;
    }
    deadline_.arm_at(window + limits().body_grace);
    const Lap lap(waited_);
    const error_code ec = co_await more();
    // A window that has passed is judged above, with whatever came at its end.
    if (ec && !deadline_.expired()) co_return Violation(Reason::client_gone, ec.message());
  }
  deadline_.disarm();
  co_return std::move(parser_.body);
}

bool Downstream::reusable() const { return !closing_ && !gone_ && parser_.done() && parser_.keep_alive(); }

bool Downstream::promised() const { return promised_ && !gone_; }

Task<bool> Downstream::write(std::string_view first, std::string_view second, std::string_view third) {
  if (gone_) co_return false;
  const Lap lap(waited_);
  deadline_.arm(kWriteStall);
  writing_ = true;
  error_code ec;
  const std::array<asio::const_buffer, 3> parts{asio::buffer(first.data(), first.size()),
                                                asio::buffer(second.data(), second.size()),
                                                asio::buffer(third.data(), third.size())};
  co_await asio::async_write(socket_, parts, into(ec));
  writing_ = false;
  deadline_.disarm();
  if (ec) gone_ = true;
  co_return !gone_;
}

Task<bool> Downstream::respond(unsigned status, const Headers& headers, std::string_view body) {
  began_ = true;
  // The answer to HEAD is a head, whatever it says of a length.
  const bool bare = head().method == "HEAD";
  if (bare) closing_ = true;
  promised_ = reusable();
  const std::string bytes = response_head(status, headers, false, body.size(), promised_);
  if (bare) body = {};
  co_return co_await write(bytes, body);
}

Task<bool> Downstream::begin(unsigned status, const Headers& headers) {
  began_ = true;
  promised_ = reusable();
  const std::string head = response_head(status, headers, true, 0, promised_);
  co_return co_await write(head);
}

Task<bool> Downstream::send(std::string_view bytes) {
  if (bytes.empty()) co_return !gone_;  // an empty chunk would end the answer
  const std::string line = chunk_line(bytes.size());
  co_return co_await write(line, bytes, "\r\n");
}

Task<bool> Downstream::finish() { co_return co_await write(kLastChunk); }

Task<> Downstream::linger() {
  error_code ec;
  if (gone_ || (parser_.done() && unread_.empty())) co_return;
  socket_.shutdown(tcp::socket::shutdown_send, ec);
  deadline_.arm(kLinger);
  const auto scrap = std::make_unique_for_overwrite<char[]>(kScrapBytes);
  std::size_t taken = 0;
  while (!ec && !deadline_.expired() && taken < kLingerBytes)
    taken += co_await socket_.async_read_some(asio::buffer(scrap.get(), kScrapBytes), into(ec));
  deadline_.disarm();
}

void Downstream::abort() {
  gone_ = true;
  error_code ignored;
  // A reset rather than an orderly end: no client can take the answer for complete.
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

void Downstream::watch(std::function<void()> on_gone) {
  watch_ = std::make_shared<Watch>(Watch{std::move(on_gone), true});
  wait_for_hangup();
}

void Downstream::wait_for_hangup() {
  socket_.async_wait(Socket::wait_read, [this, watch = watch_](error_code ec) {
    if (!watch->pending) return;  // unwatched: *this may be gone
    if (!ec && peek(socket_) == Peer::talking && unread_.size() < limits().header_bytes.count) {
      // The next request, sent early: it waits in unread_, and the hang-up behind it is still seen.
      const std::span<char> space = unread_.space();
      const auto got = ::recv(socket_.native_handle(), space.data(), space.size(), MSG_DONTWAIT);
      unread_.commit(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      return wait_for_hangup();
    }
    if (!ec && peek(socket_) == Peer::quiet) return wait_for_hangup();
    watch->pending = false;
    if (!ec && peek(socket_) == Peer::talking) return;  // more than a head's worth: nobody is leaving
    gone_ = true;
    watch->on_gone();
  });
}

void Downstream::unwatch() {
  if (!watch_ || !watch_->pending) return;
  watch_->pending = false;
  error_code ignored;
  socket_.cancel(ignored);
}

}  // namespace durward::gateway
