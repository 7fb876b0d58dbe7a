#include "gateway/egress.hpp"

#include <sodium.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include "gateway/read_buffer.hpp"
#include "gateway/tune.hpp"
#include "gateway/write.hpp"

namespace durward::gateway {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

namespace {
constexpr unsigned kInterim = 16;  // responses before the answer
}

EgressAnswer::~EgressAnswer() {
  if (parser_) sodium_memzero(parser_->body.data(), parser_->body.size());
}

std::string_view EgressAnswer::media() const {
  const std::string_view type = head().find("content-type");
  return trimmed(type.substr(0, type.find(';')));
}

/// One exchange. Ends with its connection.
class EgressCall {
 public:
  EgressCall(Egress& egress, const Snapshot& now, const EgressRequest& request)
      : egress_(egress),
        limits_(now.settings.limits),
        tls_(now.tls_of(request.url)),
        request_(request),
        socket_(egress.executor_),
        until_(Clock::now() + request.within),
        deadline_(egress.deadlines_, [this] { close(); }) {
    egress_.calls_.insert(this);
    deadline_.arm_at(until_);
  }
  ~EgressCall() {
    unread_.wipe();
    egress_.calls_.erase(this);
    egress_.cap_.leave();
  }
  EgressCall(const EgressCall&) = delete;
  EgressCall& operator=(const EgressCall&) = delete;

  Task<Outcome<EgressAnswer>> run() {
    auto connected = co_await connect();
    if (!connected) co_return std::move(connected).error();
    auto answered = co_await converse();
    if (!answered) co_return std::move(answered).error();
    co_return EgressAnswer(std::move(parser_));
  }

  void cancel() {
    cancelled_ = true;
    close();
    if (resolving_ != nullptr) resolving_->cancel();
  }
  bool background() const { return request_.background; }

 private:
  Task<Outcome<void>> connect();
  Task<Outcome<void>> converse();
  Task<Outcome<void>> receive();
  Outcome<bool> parse();
  void reset_parser();
  void close() { socket_.cut(); }
  Violation failure(const std::string& why) const;

  Egress& egress_;
  const config::Limits& limits_;
  const TlsClient* const tls_;  // null: http://
  const EgressRequest& request_;
  Channel socket_;
  const Clock::time_point until_;
  Deadline deadline_;
  Timer* resolving_ = nullptr;
  ReadBuffer unread_;
  std::unique_ptr<ResponseParser> parser_ = std::make_unique<ResponseParser>();
  bool sent_ = false, cancelled_ = false;
};

Violation EgressCall::failure(const std::string& why) const {
  const std::string host = request_.url.authority() + ": ";
  if (cancelled_) return {Reason::draining, host + "given up"};
  if (deadline_.expired() || Clock::now() >= until_)
    return {Reason::upstream_timeout, host + (sent_ ? "no answer in time" : "no connection in time")};
  return {sent_ ? Reason::upstream_failed : Reason::upstream_unreachable, host + why};
}

Task<Outcome<void>> EgressCall::connect() {
  auto endpoints = co_await egress_.resolver_.find(request_.url, until_, resolving_);
  if (cancelled_) co_return failure({});
  if (!endpoints) co_return std::move(endpoints).error();
  error_code ec = asio::error::host_not_found;
  for (const tcp::endpoint& endpoint : *endpoints) {
    if (cancelled_ || deadline_.expired()) break;
    close();
    co_await socket_.socket().async_connect(endpoint, into(ec));
    if (!ec) break;
  }
  if (ec || cancelled_ || deadline_.expired()) co_return failure(ec.message());
  tune(socket_.socket());
  if (tls_ == nullptr) co_return Outcome<void>();
  socket_.secure(tls_->open(request_.url, socket_.socket().native_handle()));
  ec = co_await socket_.handshake();
  if (ec || cancelled_ || deadline_.expired()) co_return failure(ec.message());
  co_return Outcome<void>();
}

Task<Outcome<void>> EgressCall::converse() {
  Headers headers = request_.headers;
  headers.add("accept-encoding", "identity");
  headers.add("connection", "close");
  std::string target = request_.url.path;
  if (!request_.query.empty()) target.append("?").append(request_.query);
  std::string head = request_head(request_.method, target, request_.url.authority(), headers, request_.body.size());
  sent_ = true;
  error_code ec;
  Parts parts{asio::buffer(head), asio::buffer(request_.body.data(), request_.body.size())};
  if (!write_now(socket_, parts, ec)) co_await asio::async_write(socket_, parts, into(ec));
  sodium_memzero(head.data(), head.size());  // it may carry a credential
  if (ec && (cancelled_ || deadline_.expired())) co_return failure({});
  reset_parser();
  unsigned interims = 0;
  while (!parser_->done()) {
    CO_TRY(const bool progress, parse());
    const bool interim = parser_->head_done() && parser_->status / 100 == 1;
    if (interim && (parser_->status == 101 || ++interims > kInterim)) co_return failure("interim responses and no answer");
    if (interim) reset_parser();
    if (progress) continue;
    auto received = co_await receive();
    if (!received) co_return std::move(received).error();
  }
  const std::string_view coding = parser_->head.find("content-encoding");
  if (!coding.empty() && !same_name(coding, "identity")) co_return failure("a coded answer");
  co_return Outcome<void>();
}

void EgressCall::reset_parser() {
  ParserLimits limits;
  limits.header_bytes = limits_.header_bytes.count;
  limits.header_fields = limits_.header_fields;
  parser_->reset(limits);
}

Outcome<bool> EgressCall::parse() {
  if (unread_.empty() || parser_->done()) return false;
  auto used = parser_->head_done() ? parser_->put_body(unread_.unread()) : parser_->put_head(unread_.unread());
  if (!used) return failure(used.error().detail);
  unread_.consume(*used);
  if (*used == 0 && unread_.size() > limits_.header_bytes.count) return failure("a chunk's framing is too long");
  if (parser_->body.size() > request_.most)
    return failure("an answer of more than " + std::to_string(request_.most) + " bytes");
  return *used > 0;
}

Task<Outcome<void>> EgressCall::receive() {
  error_code ec;
  const std::span<char> space = unread_.space();
  const std::size_t got = co_await socket_.async_read_some(asio::buffer(space.data(), space.size()), into(ec));
  unread_.commit(got);
  if (!ec) co_return Outcome<void>();
  if (ec != asio::error::eof || cancelled_ || deadline_.expired()) co_return failure(ec.message());
  if (parser_->put_end()) co_return Outcome<void>();
  co_return failure("the connection was closed before the end of the answer");
}

Task<Outcome<EgressAnswer>> Egress::fetch(std::shared_ptr<const Snapshot> now, const EgressRequest& request) {
  if (!now->destinations.holds(request.url))
    co_return Violation(Reason::internal, "egress to a host that the configuration does not name");
  if (!cap_.enter()) co_return Violation(Reason::overloaded, "too many questions of our own are under way");
  EgressCall call(*this, *now, request);
  auto answer = co_await call.run();
  co_return answer;
}

void Egress::cancel(bool all) {
  for (EgressCall* call : calls_)
    if (all || call->background()) call->cancel();
}

}  // namespace durward::gateway
