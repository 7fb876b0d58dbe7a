#include "gateway/upstream.hpp"

#include <sodium.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include "gateway/tune.hpp"
#include "gateway/write.hpp"

namespace durward::gateway {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

namespace {
// Of each loop: what a burst leaves beyond it is closed at once. The cap of limits.upstream_connections is for those in use.
constexpr std::size_t kIdlePerServer = 64;
constexpr std::size_t kSpareParsers = 64;
// Before the answer to one request: progress that is meant for us comes in ones and twos.
constexpr unsigned kInterim = 64;

// The head of a request with one header more, in memory that has room for it from the start: none of it is left behind.
std::string with_line(std::string_view head, std::string_view line) {
  std::string out;
  out.reserve(head.size() + line.size());
  out.append(head.substr(0, head.size() - 2)).append(line).append("\r\n");
  return out;
}

/// Wipes a text with a credential in it when it goes.
class Wipe {
 public:
  Wipe(std::string& text, bool holds) : text_(text), holds_(holds) {}
  ~Wipe() {
    if (holds_) sodium_memzero(text_.data(), text_.size());
  }
  Wipe(const Wipe&) = delete;
  Wipe& operator=(const Wipe&) = delete;

 private:
  std::string& text_;
  const bool holds_;
};
}  // namespace

UpstreamCall::UpstreamCall(Upstream& upstream, const Snapshot& now, const config::Server& server, Spent& spent)
    : upstream_(upstream),
      server_(server),
      authority_(server.endpoint.authority()),
      pool_(server.name + ' ' + authority_),
      limits_(now.settings.limits),
      tls_(now.tls_of(server)),
      spent_(spent),
      parser_(upstream.parser()),
      deadline_(upstream.deadlines_, [this] {
        if (connection_) connection_->socket.cut();
      }) {
  if (tls_) pool_ += ' ' + std::to_string(tls_->id());
  upstream_.calls_.insert(this);
}

UpstreamCall::~UpstreamCall() {
  upstream_.calls_.erase(this);
  done();
  if (upstream_.parsers_.size() >= kSpareParsers) return;
  parser_->rest();
  upstream_.parsers_.push_back(std::move(parser_));
}

void UpstreamCall::done() {
  const bool complete = parser_->done() && !cancelled_ && !deadline_.expired();
  if (connection_ && complete && parser_->keep_alive() && connection_->unread.empty())
    upstream_.keep(pool_, std::move(connection_), limits_.upstream_idle);
  connection_.reset();
}

void UpstreamCall::cancel() {
  cancelled_ = true;
  if (connection_) connection_->socket.cut();
  if (resolving_) resolving_->cancel();
}

Violation UpstreamCall::failure(error_code ec) const {
  if (cancelled_) return {Reason::client_gone, "the caller hung up"};
  if (deadline_.expired()) return {Reason::upstream_timeout, sent_ ? "no answer in time" : "no connection in time"};
  if (!sent_) return {Reason::upstream_unreachable, ec.message()};
  return {Reason::upstream_failed, ec.message()};
}

Task<Outcome<void>> UpstreamCall::start(const Entry&, const UpstreamRequest& request, Clock::time_point until) {
  std::string head = request_head(request.method, server_.endpoint.path, authority_, request.headers, request.body.size());
  const Wipe wipe(head, request.credential != nullptr);
  if (request.credential) head = with_line(head, request.credential->reveal());
  if (cancelled_) co_return Violation(Reason::client_gone, "the caller hung up");
  const Lap lap(spent_.upstream);
  connection_ = upstream_.reuse(pool_);
  if (!connection_) {
    auto connected = co_await connect();
    if (!connected) co_return std::move(connected).error();
  }
  deadline_.arm_at(until);
  sent_ = true;
  error_code ec;
  Parts parts = parts_of(head, request.body);
  if (!write_now(connection_->socket, parts, ec)) co_await asio::async_write(connection_->socket, parts, into(ec));
  // A server may answer (413, say) and close before it has read everything: read what it said before giving up.
  if (ec && (cancelled_ || deadline_.expired())) co_return failure(ec);
  reset_parser();
  unsigned interims = 0;
  for (;;) {
    CO_TRY(const bool progress, parse());
    const bool interim = parser_->head_done() && parser_->status / 100 == 1 && parser_->status != 101;
    if (interim && ++interims > kInterim) co_return Violation(Reason::upstream_failed, "interim responses without an end");
    if (interim) reset_parser();
    if (parser_->head_done()) break;
    if (progress) continue;
    const std::span<char> space = connection_->unread.space();
    const std::size_t got = co_await connection_->socket.async_read_some(asio::buffer(space.data(), space.size()), into(ec));
    if (auto taken = received(ec, got); !taken) co_return std::move(taken).error();
  }
  if (parser_->status == 101) co_return Violation(Reason::upstream_failed, "the upstream switched protocols");
  CO_TRY(const bool payload, parse());  // what came with the head
  (void)payload;
  co_return Outcome<void>();
}

Task<Outcome<void>> UpstreamCall::connect() {
  Cap& cap = upstream_.services_.cap(server_.name, limits_.upstream_connections);
  if (!cap.enter()) co_return Violation(Reason::overloaded, "limits.upstream_connections reached for server " + server_.name);
  connection_ = std::make_unique<UpstreamConnection>(upstream_.executor_, cap);
  const Clock::time_point until = Clock::now() + limits_.connect;
  deadline_.arm_at(until);
  auto endpoints = co_await upstream_.resolver_.find(server_.endpoint, until, resolving_);
  if (cancelled_) co_return failure(asio::error::operation_aborted);
  if (!endpoints) co_return std::move(endpoints).error();
  error_code ec = asio::error::host_not_found;
  for (const tcp::endpoint& endpoint : *endpoints) {
    if (cancelled_ || deadline_.expired()) break;
    connection_->socket.cut();
    co_await connection_->socket.socket().async_connect(endpoint, into(ec));
    if (!ec) break;
  }
  if (ec || cancelled_ || deadline_.expired()) co_return failure(ec ? ec : error_code(asio::error::operation_aborted));
  tune(connection_->socket.socket());
  if (!tls_) co_return Outcome<void>();
  connection_->socket.secure(tls_->open(server_.endpoint, connection_->socket.socket().native_handle()));
  ec = co_await connection_->socket.handshake();
  if (ec || cancelled_ || deadline_.expired()) co_return failure(ec ? ec : error_code(asio::error::operation_aborted));
  co_return Outcome<void>();
}

void UpstreamCall::reset_parser() {
  ParserLimits limits;
  limits.header_bytes = limits_.header_bytes.count;
  limits.header_fields = limits_.header_fields;
  parser_->reset(limits);  // without a limit for the body: the relay bounds what it holds, and a stream has no end
}

// Parses what is there: whether that made progress. The parser keeps nothing itself, so a part of a head or of a chunk header
// stays in `unread` until more has come.
Outcome<bool> UpstreamCall::parse() {
  ReadBuffer& unread = connection_->unread;
  if (unread.empty() || parser_->done()) return false;
  auto used = parser_->head_done() ? parser_->put_body(unread.unread()) : parser_->put_head(unread.unread());
  if (!used) return std::move(used).error();
  unread.consume(*used);
  if (*used == 0 && unread.size() > limits_.header_bytes.count)
    return Violation(Reason::upstream_failed, "a chunk's framing is too long");
  return *used > 0;
}

// What a read has brought.
Outcome<void> UpstreamCall::received(error_code ec, std::size_t got) {
  connection_->unread.commit(got);
  if (!ec) return {};
  if (ec != asio::error::eof || cancelled_ || deadline_.expired()) return failure(ec);
  if (parser_->put_end()) return {};
  return Violation(Reason::upstream_failed, "the upstream closed the connection before the end of its answer");
}

Task<Outcome<bool>> UpstreamCall::read() {
  const std::size_t had = parser_->body.size();
  if (parser_->done()) co_return false;
  const Lap lap(spent_.upstream);
  error_code ec;
  for (;;) {
    CO_TRY(const bool progress, parse());
    if (parser_->body.size() != had) co_return true;
    if (parser_->done()) co_return false;
    if (progress) continue;
    const std::span<char> space = connection_->unread.space();
    const std::size_t got = co_await connection_->socket.async_read_some(asio::buffer(space.data(), space.size()), into(ec));
    if (auto taken = received(ec, got); !taken) co_return std::move(taken).error();
  }
}

void Upstream::cancel(bool all) {
  for (UpstreamCall* call : calls_)
    if (all || call->own_) call->cancel();
}

std::unique_ptr<ResponseParser> Upstream::parser() {
  if (parsers_.empty()) return std::make_unique<ResponseParser>();
  auto spare = std::move(parsers_.back());
  parsers_.pop_back();
  return spare;
}

std::unique_ptr<UpstreamConnection> Upstream::reuse(const std::string& pool) {
  const auto found = idle_.find(pool);
  if (found == idle_.end()) return nullptr;
  auto& idle = found->second;
  while (!idle.empty()) {
    std::unique_ptr<UpstreamConnection> connection = std::move(idle.back());
    idle.pop_back();
    const bool fresh = Clock::now() < connection->idle_until;
    if (fresh && connection->socket.quiet() && connection->wake()) return connection;
  }
  return nullptr;
}

void Upstream::keep(const std::string& pool, std::unique_ptr<UpstreamConnection> connection, Clock::duration time) {
  if (idle_.empty()) sweep_.arm(time);
  auto& idle = idle_[pool];
  if (idle.size() >= kIdlePerServer) return;
  connection->rest();
  connection->unread.rest();
  connection->idle_until = Clock::now() + time;
  idle.push_back(std::move(connection));
}

void Upstream::close_idle(Clock::time_point then) {
  Clock::time_point next = Clock::time_point::max();
  for (auto& [pool, idle] : idle_) {
    std::erase_if(idle, [then](const auto& connection) { return connection->idle_until <= then; });
    for (const auto& connection : idle) next = std::min(next, connection->idle_until);
  }
  std::erase_if(idle_, [](const auto& pool) { return pool.second.empty(); });
  if (!idle_.empty()) sweep_.arm_at(next);
}

}  // namespace durward::gateway
