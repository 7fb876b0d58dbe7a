#include "gateway/downstream.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/write.hpp>

#include "gateway/tune.hpp"
#include "gateway/write.hpp"

namespace durward::gateway {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

namespace {
constexpr std::size_t kWriteBytes = 64 << 10;  // asked of the system at a time, as Asio's own writes do

// How long a kept connection may still begin a request once the gateway drains: for one that is on the wire by then, which is
// a matter of the network and not of the operator.
constexpr std::chrono::seconds kDrainGrace{2};

// How long, and for how much, a refused body is read and thrown away: a kindness, bounded by what it may cost.
constexpr std::chrono::seconds kLinger{2};
constexpr std::size_t kLingerBytes = 16 << 20;
constexpr std::size_t kFailedBytes = 64 << 10;  // likewise, after a handshake that failed
}  // namespace

Downstream::Downstream(Channel socket, Deadlines& deadlines, const std::shared_ptr<const Snapshot>& now)
    : socket_(std::move(socket)), now_(now), intake_(std::make_shared<Intake>(socket_)), deadline_(deadlines, [this] {
        if (writing_) {
          socket_.cut();
        } else {
          socket_.cancel();
        }
      }) {
  tune(socket_.socket());
}

void Downstream::drain() {
  closing_ = true;
  if (idle_ || securing_) deadline_.arm(kDrainGrace);
}

// OpenSSL's memory is taken once the caller says something: who only connects costs a socket.
Task<error_code> Downstream::secure(std::shared_ptr<const TlsServer> tls, TicketKeys& tickets, Clock::duration most) {
  const Clock::duration budget = closing_ ? std::min<Clock::duration>(most, kDrainGrace) : most;
  deadline_.arm(budget);
  securing_ = true;
  error_code ec;
  co_await socket_.socket().async_wait(Socket::wait_read, into(ec));
  if (!ec) {
    socket_.secure(tls->accept(socket_.socket().native_handle(), tickets));
    ec = co_await socket_.handshake();
  }
  securing_ = false;
  if (deadline_.expired()) ec = asio::error::timed_out;
  deadline_.disarm();
  if (ec && ec.category() != asio::error::get_system_category()) co_await see_off();
  if (ec) gone_ = true;
  co_return ec;
}

// What the caller has sent meanwhile is taken in, so that closing does not reset the connection before TLS's alert is read.
Task<> Downstream::see_off() {
  error_code ec;
  std::array<char, 512> thrown_away;
  socket_.socket().shutdown(tcp::socket::shutdown_send, ec);
  deadline_.arm(kDrainGrace);
  for (std::size_t taken = 0; !ec && taken < kFailedBytes;) {
    const asio::mutable_buffer room = asio::buffer(thrown_away);
    taken += co_await socket_.socket().async_read_some(room, into(ec));
  }
  deadline_.disarm();
}

// How the read that has ended did.
error_code Downstream::received() {
  error_code ec = intake_->result();
  // The deadline may pass while a read that has just ended waits for its turn: it counts all the same.
  if (!ec && deadline_.expired()) ec = asio::error::operation_aborted;
  if (ec && !deadline_.expired()) gone_ = true;
  return ec;
}

Task<Outcome<void>> Downstream::read_head() {
  began_ = promised_ = false;
  if (unread().empty()) rest();
  while (idle_) {
    if (!intake_->news()) co_await intake_->wait();
    const error_code ec = received();
    if (ec) co_return Violation(Reason::client_gone, ec.message());
    idle_ = unread().empty();
  }
  request_ = now_;
  ParserLimits bounds;
  bounds.header_bytes = limits().header_bytes.count;
  bounds.header_fields = limits().header_fields;
  bounds.body_bytes = limits().body_bytes.count;
  parser_.reset(bounds);
  for (bool first = true;; first = false) {
    auto used = parser_.put_head(unread().unread());
    if (!used) co_return std::move(used).error();
    unread().consume(*used);
    if (parser_.head_done()) break;
    if (first) deadline_.arm(limits().header_read);  // a head that came whole needs none
    if (!intake_->news()) co_await intake_->wait();
    const error_code ec = received();
    if (ec && deadline_.expired()) co_return Violation(Reason::request_timeout, "limits.header_read");
    if (ec) co_return Violation(Reason::client_gone, ec.message());
  }
  deadline_.disarm();
  co_return Outcome<void>();
}

// Until a request's first byte. What belonged to the one before is let go.
void Downstream::rest() {
  idle_ = true;
  parser_.rest();
  if (!intake_->reading()) unread().rest();
  request_.reset();
  const Clock::duration idle = closing_ ? Clock::duration(kDrainGrace) : Clock::duration(now_->settings.limits.idle);
  deadline_.arm(idle);
}

// Parses what is there. Whether it has made progress.
Outcome<bool> Downstream::take_payload(Held& held) {
  if (unread().empty()) return false;
  auto used = parser_.put_body(unread().unread());
  if (!used) return std::move(used).error();
  unread().consume(*used);
  if (!held.grow_to(parser_.body.size())) return Violation(Reason::overloaded, "limits.buffered_bytes");
  if (parser_.done() || *used > 0) return true;
  // Chunk extensions and trailers are not payload, but they are not free either.
  if (unread().size() > limits().header_bytes.count) return Violation(Reason::http_malformed, "a chunk's framing is too long");
  return false;
}

Outcome<bool> Downstream::body_is_here(Held& held) {
  while (!parser_.done()) {
    TRY(const bool progress, take_payload(held));
    if (!progress) return false;
  }
  return true;
}

Task<Outcome<void>> Downstream::read_body(Held& held) {
  if (!parser_.done() && unread().empty() && !head().find("expect").empty()) {
    std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    CO_SOON(const bool sent, write(std::move(go_on)));
    if (!sent) co_return Violation(Reason::client_gone, "while sending 100");
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
    if (!intake_->news()) co_await intake_->wait();
    const error_code ec = received();
    // A window that has passed is judged above, with whatever came at its end.
    if (ec && !deadline_.expired()) co_return Violation(Reason::client_gone, ec.message());
  }
  deadline_.disarm();
  co_return Outcome<void>();
}

bool Downstream::reusable() const { return !closing_ && !gone() && parser_.done() && parser_.keep_alive(); }

bool Downstream::promised() const { return promised_ && !gone(); }

Soon<bool> Downstream::write(std::string first, std::string_view second, std::string_view third) {
  if (gone()) return false;
  error_code ec;
  Parts parts = parts_of(first, second, third);
  const std::size_t all = asio::buffer_size(parts);
  bool written = false;
  {
    const Lap lap(waited_);
    written = write_now(socket_, parts, ec);
  }
  if (!written) return write_rest(std::move(first), second, third, all - asio::buffer_size(parts));
  if (ec) gone_ = true;
  return !gone();
}

Task<bool> Downstream::write_rest(std::string first, std::string_view second, std::string_view third, std::size_t done) {
  const Lap lap(waited_);
  Parts parts = parts_of(first, second, third);
  take_off(parts, done);
  // The time begins anew whenever a share of the answer has been taken: one byte now and then is no taking.
  const std::chrono::seconds stall = limits().write_stall;
  const std::uint64_t share = limits().body_rate.count * static_cast<std::uint64_t>(stall.count());
  std::size_t next = share;
  const auto go_on = [this, &next, stall, share](error_code failed, std::size_t taken) -> std::size_t {
    if (taken >= next) {
      next = taken + share;
      deadline_.arm(stall);
    }
    return failed ? 0 : kWriteBytes;
  };
  deadline_.arm(stall);
  writing_ = true;
  error_code ec;
  co_await asio::async_write(socket_, parts, go_on, into(ec));
  writing_ = false;
  deadline_.disarm();
  if (ec) gone_ = true;
  co_return !gone();
}

Soon<bool> Downstream::respond(unsigned status, const Headers& headers, std::string_view body) {
  began_ = true;
  // The answer to HEAD is a head, whatever it says of a length.
  const bool bare = head().method == "HEAD";
  if (bare) closing_ = true;
  promised_ = reusable();
  std::string head = response_head(status, headers, false, body.size(), promised_);
  if (bare) body = {};
  return write(std::move(head), body);
}

Soon<bool> Downstream::begin(unsigned status, const Headers& headers) {
  began_ = true;
  promised_ = reusable();
  return write(response_head(status, headers, true, 0, promised_));
}

Soon<bool> Downstream::send(std::string_view bytes) {
  if (bytes.empty()) return write({});  // an empty chunk would end the answer
  return write(chunk_line(bytes.size()), bytes, "\r\n");
}

Soon<bool> Downstream::finish() { return write(std::string(kLastChunk)); }

Task<> Downstream::linger() {
  error_code ec;
  if (gone() || (parser_.done() && unread().empty())) co_return;
  socket_.finish(ec);
  deadline_.arm(kLinger);
  for (std::size_t taken = 0; !ec && !deadline_.expired() && taken < kLingerBytes;) {
    taken += unread().size();
    unread().consume(unread().size());
    if (!intake_->news()) co_await intake_->wait();
    ec = intake_->result();
  }
  deadline_.disarm();
}

void Downstream::abort() {
  gone_ = true;
  error_code ignored;
  // A reset rather than an orderly end: no client can take the answer for complete.
  socket_.socket().set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.cut();
}

void Downstream::watch(std::function<void()> on_gone) {
  if (!intake_->reading()) unread().rest();
  intake_->watch(std::move(on_gone), limits().header_bytes.count);
}

void Downstream::unwatch() { intake_->unwatch(); }

}  // namespace durward::gateway
