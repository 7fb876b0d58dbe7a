#include <boost/asio/detached.hpp>

#include "gateway/downstream.hpp"
#include "gateway/loop.hpp"
#include "gateway/refusal.hpp"
#include "gateway/relay.hpp"
#include "gateway/stages.hpp"

/// The half of the relay that carries event streams. An event is the unit of judging and release.
namespace durward::gateway {

using audit::Effect;
using policy::Outcome;
using policy::Reason;
using policy::Violation;

namespace {
constexpr std::string_view kEventStream = "text/event-stream";
}

Task<Served> Relay::relay_stream() {
  SseParser parser(x_.limits().event_bytes.count);
  // The session id is part of the head, and is known only once `initialize` is answered.
  if (!awaiting_initialize_) {
    CO_SOON(const bool there, x_.downstream->begin(upstream_.status(), down_headers(kEventStream)));
    if (!there && era_ == Era::modern) co_return co_await fail(Violation(Reason::client_gone, "while the stream began"));
  }
  for (;;) {
    auto more = co_await pump(parser);
    if (!more) co_return co_await fail(std::move(more).error());
    if (!*more) break;
  }
  if (parser.mid_event()) co_return co_await fail(Violation(Reason::upstream_failed, "the stream ended within an event"));
  if (!x_.downstream->began() && !x_.downstream->gone())
    co_return co_await fail(Violation(Reason::upstream_failed, "the stream ended before initialize was answered"));
  upstream_.done();
  const bool unanswered = open_calls();
  const Effect effect = unanswered ? Effect::unknown : Effect::completed;
  CO_SOON(auto closed, close_open(effect, std::nullopt, unanswered));
  if (!closed) co_return co_await fail(std::move(closed).error());
  CO_DONE(x_.downstream->finish());
  co_return Served();
}

// Takes what the upstream has sent and relays the events that it completes. False: the upstream has ended cleanly.
Task<Outcome<bool>> Relay::pump(SseParser& parser) {
  if (upstream_.body().empty()) {
    auto more = co_await upstream_.read();
    if (!more) co_return std::move(more).error();
    if (!*more) co_return false;
  }
  std::string bytes = std::move(upstream_.body());
  upstream_.body().clear();
  if (!x_.held.also(bytes.size() + parser.pending() + held_events_.size()))
    co_return Violation(Reason::overloaded, "limits.buffered_bytes");
  auto fed = parser.feed(bytes);
  std::string keep_alives;  // what came together goes out together: of blank lines and comments there may be thousands
  while (std::optional<SseEvent> event = parser.next()) {
    if (!event->has_data) {
      if (!holds_secret(event->raw)) keep_alives += event->raw;
      continue;
    }
    if (!keep_alives.empty()) {
      const std::string first = std::exchange(keep_alives, std::string());
      CO_SOON(auto sent, emit(first));
      if (!sent) co_return std::move(sent).error();
    }
    auto relayed = co_await relay_event(*event);
    if (!relayed) co_return std::move(relayed).error();
  }
  if (!keep_alives.empty()) {
    CO_SOON(auto sent, emit(keep_alives));
    if (!sent) co_return std::move(sent).error();
  }
  if (!fed) co_return std::move(fed).error();
  co_return true;
}

Task<Outcome<void>> Relay::relay_event(const SseEvent& event) {
  if (!event.has_data || event.data.empty()) {
    CO_SOON(auto sent, emit(event.raw));
    co_return sent;
  }
  const config::Limits& limits = x_.limits();
  json::Limits json_limits;
  json_limits.depth = limits.json_depth;
  auto parsed = json::Document::parse(event.data, json_limits);
  if (!parsed)
    co_return Violation(Reason::upstream_failed,
                        "an event is not strict JSON: " + std::string(json::name(parsed.error().fault)));
  const json::Document& document = *parsed;
  if (!x_.held.also(event.raw.size() + event.data.size() + document.bytes() + held_events_.size()))
    co_return Violation(Reason::overloaded, "limits.buffered_bytes");
  if (awaiting_initialize_ && held_events_.size() + event.raw.size() > limits.initialize_bytes.count)
    co_return Violation(Reason::upstream_failed, "limits.initialize_bytes");
  const bool many = document.root().is(json::Kind::array);
  if (many && !batch_ && calls_.front().message)
    co_return Violation(Reason::upstream_failed, "an array in answer to one message");
  auto incoming = read_incoming_batch(document.root(), limits.batch);
  if (!incoming) co_return std::move(incoming).error();
  CO_SOON(auto settled, settle(document, *incoming, many));
  if (!settled) co_return std::move(settled).error();
  if (settled->nothing) co_return Outcome<void>();
  ++relayed_;
  x_.loop.meters.events.add(1);
  std::string bytes = settled->edited ? with_data(event, *settled->edited) : std::string();
  if (secret() && holds_secret(settled->edited ? bytes : event.raw))
    co_return Violation(Reason::upstream_failed, "a credential of ours stands beside an event's data");
  CO_SOON(auto sent, emit(settled->edited ? std::string_view(bytes) : std::string_view(event.raw)));
  co_return sent;
}

// Sends bytes of the stream, or holds them while the head cannot be sent yet.
Soon<Outcome<void>> Relay::emit(std::string_view bytes) {
  if (awaiting_initialize_) {
    held_events_ += bytes;
    if (held_events_.size() > x_.limits().initialize_bytes.count)
      return Violation(Reason::upstream_failed, "limits.initialize_bytes before initialize was answered");
    return Outcome<void>();
  }
  if (!x_.downstream->began() || !held_events_.empty()) {
    std::string all = std::exchange(held_events_, std::string());
    all += bytes;
    return emit_first(std::move(all));
  }
  auto sending = x_.downstream->send(bytes);
  if (!sending.here()) return emit_rest(sending.later());
  return emitted(sending.take());
}

Task<Outcome<void>> Relay::emit_first(std::string bytes) {
  if (!x_.downstream->began()) {
    CO_DONE(x_.downstream->begin(upstream_.status(), down_headers(kEventStream)));
  }
  CO_SOON(const bool there, x_.downstream->send(bytes));
  co_return emitted(there);
}

Task<Outcome<void>> Relay::emit_rest(Task<bool> sending) {
  const bool there = co_await std::move(sending);
  co_return emitted(there);
}

Outcome<void> Relay::emitted(bool there) const {
  if (!there && (era_ == Era::modern || !calls_.front().message))
    return Violation(Reason::client_gone, "while a stream was relayed");
  return {};  // legacy: the call goes on, and its outcome is recorded
}

// A server's request that may not pass is answered in the client's place, so that the server does not wait for ever.
Task<> Relay::answer_upstream(const Incoming& request) {
  const policy::Principal self = policy::self();
  auto cleared = clear_verb(x_, self, kPostedResponse);
  if (!cleared) co_return;
  CO_SOON(auto entry, recorder_.open(x_, *cleared, nullptr, false, x_.entry_id));
  if (!entry) co_return;
  Refused refused(Violation(Reason::withheld, "a request that a server may not send"));
  refused.id = request.id.raw();
  const std::string body = refuse(context_of(x_, refused)).body;
  UpstreamRequest post;
  post.method = "POST";
  post.headers = upstream_headers(x_, era_, true);
  post.body = body;
  post.credential = request_.credential;
  UpstreamCall call(x_.loop.upstream, *x_.now, *x_.server, x_.spent);
  auto started = co_await call.start(*entry, post, Clock::now() + x_.limits().connect);
  Closing closing;
  closing.effect = started ? Effect::completed : call.sent() ? Effect::unknown : Effect::none;
  if (started) {
    closing.upstream_status = static_cast<int>(call.status());
    while (true) {
      auto more = co_await call.read();
      if (!more || !*more) break;
      call.body().clear();
    }
  } else {
    closing.reason = started.error().reason;
  }
  CO_DONE(recorder_.close(*std::move(entry), closing));
}

// The last event of a stream whose caller is not known any more: an error, with the id where there is one.
std::string Relay::farewell(Reason reason) const {
  Refused refused(Violation(reason, "the caller's credential has ended"));
  refused.shape = Shape::notification;
  if (const Message* message = calls_.front().message) refused = refused_message(std::move(refused), *message);
  return event_of(refuse(context_of(x_, refused)).body);
}

// A stream without an end of its own is over, since the gateway drains, it has lived for limits.stream, or its caller's
// credential has ended: a listen gets its completion, a GET stream its clean end; and where the caller is not known any more,
// an error first.
Task<Served> Relay::end_stream(Reason reason) {
  const Message* message = calls_.front().message;
  if (reason == Reason::unauthenticated && x_.downstream->began()) {
    const std::string last = farewell(reason);
    CO_DONE(x_.downstream->send(last));
  } else if (message && x_.downstream->began() && !calls_.front().answered()) {
    const std::string id(message->id.raw());
    const std::string result =
        "{\"jsonrpc\":\"2.0\",\"id\":" + id +
        ",\"result\":{\"resultType\":\"complete\",\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":" + id + "}}}";
    const std::string last = event_of(result);
    CO_DONE(x_.downstream->send(last));
  }
  const Effect effect = upstream_.sent() ? Effect::completed : Effect::none;
  CO_DONE(close_open(effect, reason, false));
  if (x_.downstream->began()) {
    CO_DONE(x_.downstream->finish());
    co_return Served();
  }
  Refused refused(Violation(reason, "the stream is over before it has begun"));
  if (reason == Reason::unauthenticated) refused.challenge = x_.now->resources->challenge(x_.asked_server, {true, false});
  if (message) refused = refused_message(std::move(refused), *message);
  refused.recorded = true;
  co_return refused;
}

}  // namespace durward::gateway
