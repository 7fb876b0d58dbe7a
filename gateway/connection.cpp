#include "gateway/connection.hpp"

#include "gateway/stranger.hpp"
#include "gateway/trace.hpp"

namespace durward::gateway {

using policy::Reason;

namespace {

// Counts one exchange: as under way while it lives, and its time when it ends.
class Metered {
 public:
  Metered(Meters& meters, const Exchange& x) : meters_(meters), x_(x), waited_(x.downstream->waited()) {
    meters_.in_flight.add(1);
  }
  ~Metered() {
    meters_.in_flight.add(-1);
    if (x_.endless) return;  // a stream's day would drown what calls take
    x_.spent.caller = x_.downstream->waited() - waited_;
    meters_.ended(x_.server ? std::string_view(x_.server->name) : std::string_view(), x_.spent, Clock::now() - x_.arrived);
  }
  Metered(const Metered&) = delete;
  Metered& operator=(const Metered&) = delete;

 private:
  Meters& meters_;
  const Exchange& x_;
  const Clock::duration waited_;
};

}  // namespace

Connection::Connection(Loop& loop, Pipeline& pipeline, Socket socket, std::string address, Buffered& of_address)
    : loop_(loop),
      pipeline_(pipeline),
      tls_(loop.now->tls->listen),
      downstream_(Channel(std::move(socket)), loop.deadlines, loop.now),
      address_(std::move(address)),
      of_address_(of_address) {
  loop_.connections.insert(this);
  if (loop_.draining) downstream_.close_after_this();
}

Connection::~Connection() {
  loop_.connections.erase(this);
  loop_.services.doormen.leave(address_);
}

void Connection::drain() { downstream_.drain(); }
void Connection::cut() { downstream_.abort(); }

void Connection::begin(Exchange& x) {
  x.head = &downstream_.head();
  x.address = address_;
  if (certificate_) x.certificate = &*certificate_;
  x.arrived = Clock::now();
  x.arrived_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  Trace trace = continue_trace(*x.head, x.limits().baggage_bytes.count);
  x.traceparent = trace.traceparent();
  if (!trace.parent.empty()) x.cause = "{\"span_id\":\"" + trace.parent + "\",\"trace_id\":\"" + trace.trace_id + "\"}";
  x.trace_id = std::move(trace.trace_id);
  x.span_id = std::move(trace.span_id);
  x.tracestate = std::move(trace.tracestate);
  x.baggage = std::move(trace.baggage);
  x.entry_id = audit::new_ulid(x.arrived_ms);
}

Task<bool> Connection::secure() {
  const std::shared_ptr<const Snapshot> now = loop_.now;
  Handshakes& handshakes = loop_.services.handshakes;
  const error_code ec = co_await downstream_.secure(std::move(tls_), handshakes.tickets(), now->settings.limits.handshake);
  const TlsStream* const tls = downstream_.tls();
  const Handshakes::End end = end_of(ec, tls && tls->resumed());
  handshakes.count(Handshakes::Listener::data, end);
  if (end == Handshakes::End::certificate) refuse_certificate(loop_, now->settings.limits, address_, ec.message());
  if (ec) co_return false;
  if (const PeerCertificate* shown = tls->peer(); shown) certificate_.emplace(shown->der, shown->between);
  co_return true;
}

Task<> Connection::run() {
  if (tls_) {
    const bool secured = co_await secure();
    if (!secured) co_return;
  }
  do {
    auto read = co_await downstream_.read_head();
    if (!read && read.error().reason == Reason::client_gone) co_return;
    Exchange x(loop_.services, loop_, &downstream_, loop_.now, &of_address_);
    begin(x);
    const Metered metered(loop_.meters, x);
    if (!read) {
      downstream_.close_after_this();
      const Refused refused(std::move(read).error());
      co_await pipeline_.refuse_exchange(x, refused);
      break;
    }
    co_await pipeline_.serve(x);
  } while (downstream_.promised());
  co_await downstream_.linger();
}

}  // namespace durward::gateway
