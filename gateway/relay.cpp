#include "gateway/relay.hpp"

#include <algorithm>

#include "gateway/downstream.hpp"
#include "gateway/loop.hpp"
#include "gateway/stages.hpp"

namespace durward::gateway {

using audit::Effect;
using policy::Outcome;
using policy::Reason;
using policy::Violation;

namespace {
constexpr std::string_view kJson = "application/json";

std::string_view media(const Head& head) {
  const std::string_view type = head.find("content-type");
  return trimmed(type.substr(0, type.find(';')));
}
}  // namespace

Relay::Relay(Exchange& x, Recorder& recorder, Era era)
    : x_(x),
      recorder_(recorder),
      era_(era),
      upstream_(x.loop.upstream, *x.now, *x.server, x.spent),
      credential_(x.loop.deadlines, [this] { recheck(); }) {}

Relay::~Relay() {
  x_.downstream->unwatch();
  if (x_.loop.streams.erase(this) > 0) x_.loop.meters.streams.add(-1);
}

void Relay::add(const Message& message, Entry entry, std::vector<Brokered> secrets) {
  Call& call = calls_.emplace_back();
  call.message = &message;
  call.entry_id = entry.id();
  call.entry.emplace(std::move(entry));
  brokers_ |= !secrets.empty();
  call.secrets = std::move(secrets);
  if (message.method == "initialize" && era_ == Era::legacy) awaiting_initialize_ = true;
}

void Relay::carry(Entry entry) {
  Call& call = calls_.emplace_back();
  call.message = nullptr;
  call.entry_id = entry.id();
  call.entry.emplace(std::move(entry));
}

void Relay::end(Reason reason) {
  if (!endless_) return;
  if (!ending_) ending_ = reason;
  upstream_.cancel();
}

// The clock of credentials may be set while a stream lives: it is asked again, never trusted to have run.
void Relay::recheck() {
  constexpr std::chrono::seconds kLongest{3600};
  const auto expiry = x_.principal->expiry();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  if (!x_.loop.now->authn->holds(*x_.principal, std::chrono::duration_cast<std::chrono::seconds>(now).count()))
    return end(Reason::unauthenticated);
  if (!expiry) return;
  const std::chrono::nanoseconds left = std::chrono::seconds(*expiry) - now;
  credential_.arm(std::clamp<std::chrono::nanoseconds>(left, Deadlines::kTick, kLongest));
}

bool Relay::open_calls() const {
  return std::any_of(calls_.begin(), calls_.end(),
                     [](const Call& call) { return !call.answered() && call.message && call.message->id; });
}

bool Relay::requests() const {
  return std::any_of(calls_.begin(), calls_.end(),
                     [](const Call& call) { return call.message && call.message->shape == Shape::request; });
}

Task<Served> Relay::post(std::string_view body) {
  request_.method = "POST";
  request_.headers = upstream_headers(x_, era_, true);
  request_.body = body;
  endless_ = calls_.front().message->method == "subscriptions/listen";
  return exchange();
}

Task<Served> Relay::get() {
  request_.method = "GET";
  request_.headers = upstream_headers(x_, era_, false);
  endless_ = true;
  return exchange();
}

Task<Served> Relay::del() {
  request_.method = "DELETE";
  request_.headers = upstream_headers(x_, era_, false);
  return exchange();
}

Task<Served> Relay::exchange() {
  auto shown = show_credential(x_);
  return shown.here() ? exchange_as(shown.take()) : exchange_later(std::move(shown));
}

Task<Served> Relay::exchange_later(Soon<Outcome<Showing>> shown) {
  auto showing = co_await shown.later();
  co_return co_await exchange_as(std::move(showing));
}

// Without the credential that its server wants, nothing is sent.
Task<Served> Relay::exchange_as(Outcome<Showing> showing) {
  if (!showing) return fail(std::move(showing).error());
  showing_ = *std::move(showing);
  if (showing_.credential) request_.credential = &showing_.credential->line;
  return converse();
}

Task<Served> Relay::converse() {
  const config::Limits& limits = x_.limits();
  // Clients open a stream again as soon as it ends: not on a gateway that is about to go.
  if (endless_ && x_.loop.draining) co_return co_await end_stream(Reason::draining);
  if (endless_) {
    recheck();
    if (ending_) co_return co_await end_stream(*ending_);
    x_.endless = true;
    x_.loop.streams.insert(this);
    x_.loop.meters.streams.add(1);
  }
  // Modern: whoever hangs up cancels. Legacy: a disconnect is not a cancellation, but nobody is left on a GET stream or a
  // DELETE.
  const bool cancels = era_ == Era::modern || !calls_.front().message;
  x_.downstream->watch([this, cancels] {
    if (cancels) upstream_.cancel();
  });
  const Clock::time_point until = deadline();
  auto started = co_await upstream_.start(*calls_.front().entry, request_, until);
  if (!started) co_return co_await fail(std::move(started).error());
  if (endless_) upstream_.extend(x_.arrived + limits.stream);

  const unsigned status = upstream_.status();
  const Head& head = upstream_.head();
  if (const std::string_view coding = head.find("content-encoding"); !coding.empty() && !same_name(coding, "identity"))
    co_return co_await fail(Violation(Reason::upstream_failed, "a coded answer"));
  if (status == 401) refused_by_server(x_, showing_);
  if (status == 401 || status == 403 || status / 100 == 3 || status / 100 == 5)
    co_return co_await fail(Violation(Reason::upstream_failed, "the upstream answered with status " + std::to_string(status)));
  if (status / 100 == 4) co_return co_await relay_client_error();
  if (!requests() && calls_.front().message) co_return co_await relay_bare();
  if (!calls_.front().message && request_.method == "DELETE") co_return co_await relay_bare();
  if (same_name(media(head), "text/event-stream")) co_return co_await relay_stream();
  if (same_name(media(head), "application/json") && calls_.front().message) co_return co_await relay_json();
  co_return co_await fail(Violation(Reason::upstream_failed, "an answer that is neither JSON nor an event stream"));
}

Headers Relay::down_headers(std::string_view type) const {
  Headers out = x_.headers();
  if (!type.empty()) out.add("content-type", type);
  for (const char* name : {"cache-control", "retry-after", "allow", "x-accel-buffering"}) {
    const std::string_view value = upstream_.head().find(name);
    if (!value.empty() && !holds_secret(value)) out.add(name, value);
  }
  if (session_id_) out.add("mcp-session-id", *session_id_);
  return out;
}

// Counts what has come.
Outcome<void> Relay::hold(std::uint64_t max) {
  if (upstream_.body().size() > max) return Violation(Reason::upstream_failed, "the answer is larger than the limit");
  if (!x_.held.also(upstream_.body().size())) return Violation(Reason::overloaded, "limits.buffered_bytes");
  return {};
}

Soon<Outcome<void>> Relay::read_all(std::uint64_t max) {
  if (!upstream_.complete()) return read_rest(max);
  auto held = hold(max);
  if (held) upstream_.done();  // a caller that reads slowly holds no place at the upstream
  return held;
}

Task<Outcome<void>> Relay::read_rest(std::uint64_t max) {
  for (bool more = true; more;) {
    auto held = hold(max);
    if (!held) co_return held;
    auto read = co_await upstream_.read();
    if (!read) co_return std::move(read).error();
    more = *read;
  }
  upstream_.done();
  co_return Outcome<void>();
}

Task<Served> Relay::relay_json() {
  const config::Limits& limits = x_.limits();
  const std::uint64_t max = awaiting_initialize_ ? limits.initialize_bytes.count : limits.answer_bytes.count;
  CO_SOON(auto all, read_all(max));
  if (!all) co_return co_await fail(std::move(all).error());
  json::Limits json_limits;
  json_limits.depth = limits.json_depth;
  auto document = json::Document::parse(std::move(upstream_.body()), json_limits);
  if (!document)
    co_return co_await fail(Violation(Reason::upstream_failed,
                                      "the answer is not strict JSON: " + std::string(json::name(document.error().fault))));
  const json::Document& read = *document;
  if (!x_.held.also(read.bytes())) co_return co_await fail(Violation(Reason::overloaded, "limits.buffered_bytes"));
  const bool many = read.root().is(json::Kind::array);
  if (many && !batch_) co_return co_await fail(Violation(Reason::upstream_failed, "an array in answer to one message"));
  auto incoming = read_incoming_batch(read.root(), limits.batch);
  if (!incoming) co_return co_await fail(std::move(incoming).error());
  if (!answers_all(*incoming)) co_return co_await fail(Violation(Reason::upstream_failed, "the answer is to something else"));
  CO_SOON(auto settled, settle(read, *incoming, many));
  if (!settled) co_return co_await fail(std::move(settled).error());
  CO_SOON(auto closed, close_open(Effect::completed, std::nullopt, false));
  if (!closed) co_return co_await fail(std::move(closed).error());
  if (settled->nothing) co_return co_await fail(Violation(Reason::upstream_failed, "nothing of the answer may pass"));
  const std::string& text = settled->edited ? *settled->edited : read.text();
  CO_DONE(x_.downstream->respond(upstream_.status(), down_headers(kJson), text));
  co_return Served();
}

// 202 and its like: the upstream has taken a notification, a posted response or a DELETE. A body would answer nothing, and is
// not waited for.
Task<Served> Relay::relay_bare() {
  CO_SOON(auto closed, close_open(Effect::completed, std::nullopt, false));
  if (!closed) co_return co_await fail(std::move(closed).error());
  const Headers headers = x_.headers();
  const unsigned status = calls_.front().message ? 202 : upstream_.status();
  CO_DONE(x_.downstream->respond(status, headers, std::string_view()));
  co_return Served();
}

// The upstream's own protocol errors are the caller's to understand: status and a JSON-RPC error pass, anything else in the
// body does not.
Task<Served> Relay::relay_client_error() {
  CO_SOON(auto all, read_all(x_.limits().initialize_bytes.count));
  if (!all) co_return co_await fail(std::move(all).error());
  std::string body;
  auto document = json::Document::parse(std::move(upstream_.body()));
  if (document && same_name(media(upstream_.head()), "application/json")) {
    auto incoming = read_incoming((*document).root());
    if (incoming && incoming->kind == IncomingKind::error) {
      std::vector<Edit> edits = judge_answer(*incoming, nullptr, x_).edits;
      body = apply((*document).text(), std::move(edits));
      echoed_ = echoed(body);
      if (echoed_) body = redacted(std::move(body));
    }
  }
  const unsigned status = upstream_.status();
  bytes_out_ = body.size();
  CO_SOON(auto closed, close_open(Effect::error, std::nullopt, false));
  if (!closed) co_return co_await fail(std::move(closed).error());
  std::string_view type = kJson;
  if (body.empty()) type = {};
  const Headers headers = down_headers(type);
  CO_DONE(x_.downstream->respond(status, headers, body));
  co_return Served();
}

bool Relay::timed(const Call& call) const {
  return x_.rules().max_duration_ms() && call.message && call.message->target == policy::Target::tool;
}

// A policy that only observes how long calls take cuts none of them.
Clock::time_point Relay::deadline() const {
  const Clock::time_point until = x_.arrived + x_.limits().call;
  if (!timed(calls_.front()) || x_.rules().effect(policy::Code::duration_too_long) < policy::Effect::escalate) return until;
  return std::min(until, x_.arrived + std::chrono::milliseconds(*x_.rules().max_duration_ms()));
}

Soon<Outcome<void>> Relay::close(Call& call, Closing closing) {
  if (timed(call) && Clock::now() - x_.arrived >= std::chrono::milliseconds(*x_.rules().max_duration_ms())) {
    const policy::Effect effect = x_.rules().effect(policy::Code::duration_too_long);
    closing.notes.push_back({policy::Code::duration_too_long, effect, {}, {}});
  }
  Entry entry = *std::move(call.entry);
  call.entry.reset();
  if (!secret()) return recorder_.close(std::move(entry), closing);
  Closing noted = closing;
  add_notes(call, noted);
  return recorder_.close(std::move(entry), noted);
}

Soon<Outcome<void>> Relay::close_open(Effect effect, std::optional<Reason> reason, bool stream_closed) {
  if (std::all_of(calls_.begin(), calls_.end(), [](const Call& call) { return call.answered(); })) return Outcome<void>();
  return close_each(effect, reason, stream_closed);
}

Task<Outcome<void>> Relay::close_each(Effect effect, std::optional<Reason> reason, bool stream_closed) {
  Outcome<void> worst;
  for (Call& call : calls_) {
    if (call.answered()) continue;
    Closing closing;
    closing.effect = effect;
    closing.reason = reason;
    closing.bytes_out = bytes_out_;
    if (upstream_.sent() && upstream_.answered()) closing.upstream_status = static_cast<int>(upstream_.status());
    if (endless_) closing.count = relayed_;
    if (stream_closed) closing.notes.push_back(policy::Finding{policy::Code::stream_closed, policy::Effect::note, {}, {}});
    CO_SOON(auto closed, close(call, closing));
    if (!closed && worst) worst = std::move(closed);
  }
  co_return worst;
}

// Nothing was sent down yet: the caller gets a refusal. Something was: the connection breaks, so that nobody takes it for the
// end.
Task<Served> Relay::fail(Violation violation) {
  if (ending_) co_return co_await end_stream(*ending_);
  const bool lived_out = endless_ && violation.reason == Reason::upstream_timeout && upstream_.answered();
  if (lived_out) co_return co_await end_stream(Reason::upstream_timeout);  // limits.stream
  const bool none = !upstream_.sent();
  const Effect effect = none ? Effect::none : Effect::unknown;
  CO_DONE(close_open(effect, violation.reason, false));  // the refusal below is all that can be said
  x_.loop.log_refusal(x_, violation);
  if (x_.downstream->gone()) {
    Refused refused(std::move(violation));
    refused.answered = true;
    co_return refused;
  }
  if (x_.downstream->began()) {
    x_.downstream->abort();
    Refused refused(std::move(violation));
    refused.answered = true;
    co_return refused;
  }
  std::string body;
  Refusal first;
  for (const Call& call : calls_) {
    Refused refused(violation);
    if (call.message) refused = refused_message(std::move(refused), *call.message);
    refused.effect = none ? "none" : "unknown";
    RefusalContext context = context_of(x_, refused);
    context.entry = call.entry_id;
    Refusal refusal = refuse(context);
    const bool wants_answer = !batch_ || call.message->shape == Shape::request;
    if (wants_answer) body += (body.empty() ? "" : ",") + refusal.body;
    if (first.body.empty() || (wants_answer && first.http != refusal.http)) first = std::move(refusal);
  }
  // A batch of nothing but notifications gets the refusal of its first, which has no id.
  body = body.empty() ? first.body : batch_ ? "[" + body + "]" : body;
  Headers headers = x_.headers();
  headers.add(first.headers);
  CO_DONE(x_.downstream->respond(first.http, headers, body));
  co_return Served();
}

Task<Refused> Relay::abandon(Violation violation) {
  CO_DONE(close_open(Effect::none, violation.reason, false));
  Refused refused(std::move(violation));
  refused.recorded = true;
  co_return refused;
}

}  // namespace durward::gateway
