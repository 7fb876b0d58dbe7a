#include "gateway/pipeline.hpp"

#include <algorithm>

#include "gateway/downstream.hpp"
#include "gateway/key_fetch.hpp"
#include "gateway/loop.hpp"
#include "gateway/relay.hpp"
#include "gateway/route.hpp"
#include "gateway/self_client.hpp"
#include "gateway/stages.hpp"

namespace durward::gateway {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

Pipeline::Pipeline(Loop& loop) : loop_(loop), recorder_(loop.services.ledger, loop.services.ledger_settings, loop.inbox) {}

Task<> Pipeline::serve(Exchange& x) {
  std::optional<Refused> refused;
  try {
    Served served = co_await run(x);
    if (!served) refused = std::move(served).error();
  } catch (const std::exception& e) {
    refused = Refused(Violation(Reason::internal, e.what()));
  }
  if (refused && !refused->answered) co_await refuse_exchange(x, *refused);
}

namespace {
Task<Served> refused_at_once(Refused refused) { co_return refused; }
}  // namespace

// The whole life of a request, top to bottom. Each stage takes what the one before it has proved.
Task<Served> Pipeline::run(Exchange& x) {
  auto routed = route(x);  // head, Host, Origin, path
  if (!routed) return refused_at_once(std::move(routed).error());
  if (*routed == Routed::answer_preflight) return answer_preflight(x);
  if (*routed == Routed::tell_metadata) return tell_metadata(x);
  auto known = authenticate(x, false);  // before the body is read
  if (!known) return refused_at_once(std::move(known).error());
  return *known ? after_keys(x, **std::move(known)) : serve_known(x);
}

// Nothing could be said without its issuer's keys.
Task<Served> Pipeline::after_keys(Exchange& x, Authenticator::Wait wait) {
  co_await refresh_keys(loop_, x.now, wait.keys, wait.why);
  auto known = authenticate(x, true);
  if (!known) co_return std::move(known).error();
  co_return co_await serve_known(x);
}

Task<Served> Pipeline::serve_known(Exchange& x) {
  auto served = serve_server(x);
  if (!served) return refused_at_once(std::move(served).error());
  if (x.head->method == "POST") return post(x);
  if (x.head->method == "GET") return open_stream(x);
  if (x.head->method == "DELETE") return end_session(x);
  return refused_at_once(Refused(Violation(Reason::http_method_not_allowed, "only POST, GET and DELETE")));
}

Task<Served> Pipeline::post(Exchange& x) {
  auto media = check_media(*x.head);
  if (!media) return refused_at_once(Refused(std::move(media).error()));
  auto here = x.downstream->body_is_here(x.held);
  if (!here) return refused_at_once(Refused(std::move(here).error()));
  return *here ? take(x) : post_later(x);
}

Task<Served> Pipeline::post_later(Exchange& x) {
  auto read = co_await x.downstream->read_body(x.held);
  if (!read) co_return Refused(std::move(read).error());
  co_return co_await take(x);
}

// A body that is there, to its end.
Task<Served> Pipeline::take(Exchange& x) {
  std::string body = x.downstream->take_body();
  x.bytes_in = body.size();
  json::Limits limits;
  limits.depth = x.limits().json_depth;
  auto document = parse_body(std::move(body), limits);
  if (!document) return refused_at_once(Refused(std::move(document).error()));
  if (!x.held.grow_to(document->bytes()))
    return refused_at_once(Refused(Violation(Reason::overloaded, "limits.buffered_bytes")));
  x.held.stay();
  return is_batch(*document) ? batch(x, *std::move(document)) : single(x, *std::move(document));
}

// The document lies in the coroutine's frame, where messages may point into it.
Task<Served> Pipeline::single(Exchange& x, json::Document document) {
  CO_TRY(Message message, read_message(document, *x.head));
  std::vector<Message> messages;
  messages.push_back(std::move(message));
  const Message& only = messages.front();
  auto bound = bind_session(x, only);
  if (!bound) co_return refused_message(std::move(bound).error(), only);

  if (asks_for_tools(x, only)) co_await know_tools(x, only.name);
  auto cleared = clear(x, only);
  if (!cleared) co_return co_await recorded(x, std::move(cleared).error(), only);
  CO_SOON(auto entry, recorder_.open(x, *cleared, &only, only.method == "subscriptions/listen", std::string_view()));
  if (!entry) co_return refused_message(std::move(entry).error(), only);

  std::vector<Brokered> secrets = secrets_of(x, only, cleared->grant()).put;
  const std::string body = forwarded(document, messages, x, secrets);
  Relay relay(x, recorder_, only.era);
  relay.add(only, *std::move(entry), std::move(secrets));
  co_return co_await relay.post(body);
}

// The record of a refusal is written while the message is still there to be described.
Task<Refused> Pipeline::recorded(Exchange& x, Refused refused, const Message& message) {
  co_await recorder_.refuse(x, refused.violation.reason, refused.decision, &message, x.entry_id);
  refused.recorded = true;
  co_return refused;
}

// Checks 1 and 2, then the final decision.
Outcome<policy::Cleared, Refused> Pipeline::clear(const Exchange& x, const Message& message) const {
  if (message.shape != Shape::response && !client_may_send(message.era, message.method, message.shape == Shape::request))
    return refused_message(Violation(Reason::method_not_allowed, "not a method of this era"), message);
  const std::string version = message.target == policy::Target::tool ? x.version() : std::string();
  policy::Naming naming;
  naming.server = x.server->name;
  naming.method = message.shape == Shape::response ? std::string_view(kPostedResponse) : std::string_view(message.method);
  naming.target = message.target;
  naming.name = message.name;
  naming.version = version;
  const bool tool = message.target == policy::Target::tool;
  if (tool) naming.listing = x.catalogue->listing(message.name);
  auto granted = policy::grant(x.rules(), *x.principal, naming);
  // What a hidden tool would need is hidden, too.
  const bool visible = granted && tool;
  if (auto enough = check_scopes(x, visible ? std::string_view(message.name) : std::string_view()); !enough)
    return refused_message(std::move(enough).error(), message);
  if (!granted) return refused_message(std::move(granted).error(), message);
  if (message.method == "subscriptions/listen") {
    auto subscribed = judge_subscriptions(x, message);
    if (!subscribed) return refused_message(std::move(subscribed).error(), message);
  }
  const std::shared_ptr<const Descriptor> descriptor = tool ? x.catalogue->find(message.name) : nullptr;
  policy::Call call;
  call.now = x.arrived_ms / 1000;
  call.arguments = message.params.find("arguments");
  if (descriptor) {
    if (message.era == Era::modern) {
      if (auto same = check_parameters(*descriptor, *x.head, call.arguments); !same)
        return refused_message(std::move(same).error(), message);
    }
    call.schema = descriptor->schema.get();
    call.schema_broken = !descriptor->fault.empty();
    call.descriptor = descriptor->digest;
  }
  std::vector<policy::Code> findings;
  if (secrets_of(x, message, *granted).refused) findings.push_back(policy::Code::secret_denied);
  auto cleared = policy::decide(x.rules(), *std::move(granted), call, findings);
  if (!cleared) return refused_message(std::move(cleared).error(), message);
  return *std::move(cleared);
}

// A name that is not in the catalogue may be new, or the catalogue may never have been fetched: ask before judging.
bool Pipeline::asks_for_tools(const Exchange& x, const Message& message) {
  if (message.target != policy::Target::tool || x.catalogue->listing(message.name) == policy::Listing::listed) return false;
  return client_may_send(message.era, message.method, message.shape == Shape::request) &&
         !x.rules().names_literally(x.server->name, message.name);
}

Task<> Pipeline::know_tools(Exchange& x, const std::string& tool) {
  const bool nothing_known = x.catalogue->listing(tool) == policy::Listing::unavailable;
  const Clock::duration pause = nothing_known ? kRetryPause : kUnknownPause;
  Showing showing;
  if (listed_per_caller(*x.now, *x.server)) {
    CO_SOON(auto shown, show_credential(x));
    if (!shown) co_return;  // nothing can be asked, and the call itself will say why
    showing = *std::move(shown);
  }
  co_await refresh_catalogue(loop_, x.now, *x.server, pause, showing);
}

Task<Served> Pipeline::batch(Exchange& x, json::Document document) {
  CO_TRY(const std::vector<Message> messages, read_batch(document, *x.head, x.limits().batch));
  auto bound = bind_session(x, messages.front());
  if (!bound) co_return refused_message(std::move(bound).error(), messages.front());
  if (x.session && x.session->revision != kBatching)
    co_return refused_message(Violation(Reason::not_a_message, "batches exist in 2025-03-26 only"), messages.front());

  std::vector<policy::Cleared> cleared;
  std::vector<std::optional<Refused>> refused(messages.size());
  bool all = true;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (asks_for_tools(x, messages[i])) co_await know_tools(x, messages[i].name);
    auto one = clear(x, messages[i]);
    if (one) {
      cleared.push_back(*std::move(one));
    } else {
      refused[i] = std::move(one).error();
      all = false;
    }
  }
  if (!all) {
    co_await refuse_batch(x, messages, refused);
    co_return Served();
  }
  Relay relay(x, recorder_, Era::legacy);
  std::vector<Brokered> all_secrets;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const std::string_view parent = i == 0 ? std::string_view() : std::string_view(x.entry_id);
    CO_SOON(auto entry, recorder_.open(x, cleared[i], &messages[i], false, parent));
    if (!entry) {
      auto unrecorded = co_await relay.abandon(std::move(entry).error());
      co_return unrecorded;
    }
    std::vector<Brokered> secrets = secrets_of(x, messages[i], cleared[i].grant()).put;
    all_secrets.insert(all_secrets.end(), secrets.begin(), secrets.end());
    relay.add(messages[i], *std::move(entry), std::move(secrets));
  }
  relay.as_batch();
  const std::string body = forwarded(document, messages, x, all_secrets);
  co_return co_await relay.post(body);
}

namespace {

// Of a batch in which scopes are missing: all that it needs, so that one step up is enough. Else empty.
std::string batch_challenge(const Exchange& x, const std::vector<Message>& messages,
                            const std::vector<std::optional<Refused>>& refused) {
  std::vector<std::string_view> needed;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (refused[i]->violation.reason != Reason::insufficient_scope) continue;
    const bool tool = messages[i].target == policy::Target::tool;
    for (const std::string_view scope :
         x.now->resources->scopes(*x.server, tool ? std::string_view(messages[i].name) : std::string_view()))
      if (std::find(needed.begin(), needed.end(), scope) == needed.end()) needed.push_back(scope);
  }
  return needed.empty() ? std::string() : step_up(x, needed);
}

}  // namespace

// Nothing is forwarded: what was refused gets its refusal, every other request batch_refused. Each element has its record.
Task<> Pipeline::refuse_batch(Exchange& x, const std::vector<Message>& messages, std::vector<std::optional<Refused>>& refused) {
  std::string body = "[";
  const Refused* first = nullptr;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (!refused[i]) refused[i] = refused_message(Violation(Reason::batch_refused, "another element was refused"), messages[i]);
    Refused& one = *refused[i];
    if (!first && one.violation.reason != Reason::batch_refused) first = &one;
    const std::string id = i == 0 ? x.entry_id : audit::new_ulid(x.arrived_ms);
    co_await recorder_.refuse(x, one.violation.reason, one.decision, &messages[i], id);
    if (messages[i].shape != Shape::request) continue;
    RefusalContext context = context_of(x, one);
    context.entry = id;
    if (one.violation.reason == Reason::batch_refused) context.effect = "none";
    if (body.size() > 1) body += ',';
    body += refuse(context).body;
  }
  body += ']';
  Headers headers = x.headers();
  if (body == "[]") {
    const Refusal refusal = refuse(context_of(x, *first));
    headers.add(refusal.headers);
    CO_DONE(x.downstream->respond(refusal.http, headers, refusal.body));
    co_return;
  }
  headers.add("content-type", "application/json");
  const std::string challenge = batch_challenge(x, messages, refused);
  if (!challenge.empty()) headers.add("www-authenticate", challenge);
  const unsigned status = challenge.empty() ? 200 : row(Reason::insufficient_scope).http;
  CO_DONE(x.downstream->respond(status, headers, body));
}

// GET: the legacy stream for what the server sends on its own, or what was missed of another stream.
Task<Served> Pipeline::open_stream(Exchange& x) {
  auto enough = check_scopes(x, std::string_view());
  if (!enough) co_return std::move(enough).error();
  auto spoken = check_revision(*x.head);
  if (!spoken) co_return Refused(std::move(spoken).error());
  Message message;
  message.method = kOpenStream;
  auto bound = bind_session(x, message);
  if (!bound) co_return std::move(bound).error();
  CO_TRY(policy::Cleared cleared, clear_verb(x, *x.principal, kOpenStream));
  CO_SOON(auto entry, recorder_.open(x, cleared, nullptr, true, std::string_view()));
  if (!entry) co_return Refused(std::move(entry).error());
  Relay relay(x, recorder_, Era::legacy);
  relay.carry(*std::move(entry));
  co_return co_await relay.get();
}

Task<Served> Pipeline::end_session(Exchange& x) {
  auto enough = check_scopes(x, std::string_view());
  if (!enough) co_return std::move(enough).error();
  auto spoken = check_revision(*x.head);
  if (!spoken) co_return Refused(std::move(spoken).error());
  Message message;
  message.method = kEndSession;
  auto bound = bind_session(x, message);
  if (!bound) co_return std::move(bound).error();
  CO_TRY(policy::Cleared cleared, clear_verb(x, *x.principal, kEndSession));
  CO_SOON(auto entry, recorder_.open(x, cleared, nullptr, false, std::string_view()));
  if (!entry) co_return Refused(std::move(entry).error());
  Relay relay(x, recorder_, Era::legacy);
  relay.carry(*std::move(entry));
  co_return co_await relay.del();
}

Task<> Pipeline::refuse_exchange(Exchange& x, const Refused& refused) {
  const Reason reason = refused.violation.reason;
  x.loop.log_refusal(x, refused.violation);
  // Whoever hung up before a request was read asked nothing: no record, no answer.
  if (reason == Reason::client_gone && !x.server) co_return;
  if (!refused.recorded) co_await recorder_.refuse(x, reason, refused.decision, nullptr, x.entry_id);
  if (reason == Reason::client_gone || x.downstream->gone()) co_return;
  if (x.downstream->began()) {
    x.downstream->abort();
    co_return;
  }
  const Refusal refusal = refuse(context_of(x, refused));
  Headers headers = x.headers();
  headers.add(refusal.headers);
  CO_DONE(x.downstream->respond(refusal.http, headers, refusal.body));
}

}  // namespace durward::gateway
