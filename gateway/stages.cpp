#include "gateway/stages.hpp"

#include <algorithm>

#include "gateway/splice.hpp"

namespace durward::gateway {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

Outcome<void> check_media(const Head& head) {
  std::string_view type = head.find("content-type");
  type = trimmed(type.substr(0, type.find(';')));
  if (!same_name(type, "application/json")) return Violation(Reason::unsupported_media, "content-type is not application/json");
  const std::string_view coding = head.find("content-encoding");
  if (!coding.empty() && !same_name(coding, "identity")) return Violation(Reason::unsupported_media, "a coded body");
  return {};
}

Outcome<void> check_revision(const Head& head) {
  if (head.count("mcp-protocol-version") == 0 || speaks_legacy(head.find("mcp-protocol-version"))) return {};
  return Violation(Reason::version_unsupported, "MCP-Protocol-Version of a GET or DELETE");
}

Outcome<void, Refused> bind_session(Exchange& x, const Message& message) {
  if (message.era == Era::modern) return {};  // the header means nothing there, and is not forwarded
  const std::string_view id = x.head->find("mcp-session-id");
  if (x.head->count("mcp-session-id") == 0) return {};
  x.session = x.services.sealer.open(x.server->name, x.principal->hash(), id, x.arrived_ms / 1000,
                                     x.now->settings.session.max_age.count());
  if (x.session) return {};
  return refused_message(Violation(Reason::session_unknown, "the session id does not open"), message);
}

Outcome<void, Refused> judge_subscriptions(const Exchange& x, const Message& message) {
  TRY(const std::vector<std::string> uris, subscribed_resources(message));
  for (const std::string& uri : uris) {
    policy::Naming naming;
    naming.server = x.server->name;
    naming.method = "resources/subscribe";
    naming.target = policy::Target::resource;
    naming.name = uri;
    auto granted = policy::grant(x.rules(), *x.principal, naming);
    if (granted) continue;
    Refused refused(std::move(granted).error());
    refused.name = uri;
    return refused;
  }
  return {};
}

Outcome<policy::Cleared, Refused> clear_verb(const Exchange& x, const policy::Principal& principal, std::string_view verb) {
  policy::Naming naming;
  naming.server = x.server->name;
  naming.method = verb;
  TRY(policy::Grant granted, policy::grant(x.rules(), principal, naming));
  TRY(policy::Cleared cleared, policy::decide(x.rules(), std::move(granted), policy::Call()));
  return cleared;
}

Refused refused_message(Refused refused, const Message& message) {
  refused.era = message.era;
  refused.shape = message.shape;
  refused.method = message.method;
  if (refused.name.empty()) refused.name = message.name;
  if (message.id) refused.id = message.id.raw();
  return refused;
}

Brokerage secrets_of(const Exchange& x, const Message& message, const policy::Grant& granted) {
  if (!x.now->credentials->brokers() || message.target != policy::Target::tool) return {};
  return broker(*x.now->credentials, granted.principal(), granted.ref(), message.params.find("arguments"));
}

std::string forwarded(const json::Document& document, const std::vector<Message>& messages, const Exchange& x,
                      const std::vector<Brokered>& secrets) {
  std::vector<Edit> edits;
  for (const Message& message : messages) {
    std::vector<Edit> more = meta_edits(message, x.traceparent);
    edits.insert(edits.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  for (const Brokered& one : secrets) edits.push_back(replace(one.place, json::quote(one.secret->value.reveal())));
  return edits.empty() ? document.text() : apply(document.text(), std::move(edits));
}

Headers upstream_headers(const Exchange& x, Era era, bool has_body) {
  const Head& head = *x.head;
  Headers out;
  if (has_body) out.add("content-type", "application/json");
  const std::string_view accept = head.find("accept");
  out.add("accept", accept.empty() ? "application/json, text/event-stream" : accept);
  out.add("accept-encoding", "identity");
  for (const Field& field : head.fields) {
    const bool mcp = starts_with_name(field.name, "mcp-");
    const bool modern_only = mcp && era == Era::modern &&
                             (same_name(field.name, "mcp-method") || same_name(field.name, "mcp-name") ||
                              starts_with_name(field.name, "mcp-param-"));
    // What a POST carries is never the continuation of a stream.
    const bool legacy_only = era == Era::legacy && !has_body && same_name(field.name, "last-event-id");
    if (modern_only || legacy_only || (mcp && same_name(field.name, "mcp-protocol-version"))) out.add(field.name, field.value);
  }
  if (x.session) out.add("mcp-session-id", x.session->upstream_id);
  out.add("traceparent", x.traceparent);
  if (!x.tracestate.empty()) out.add("tracestate", x.tracestate);
  if (!x.baggage.empty()) out.add("baggage", x.baggage);
  return out;
}

RefusalContext context_of(const Exchange& x, const Refused& refused) {
  RefusalContext context;
  context.reason = refused.violation.reason;
  context.id = refused.id;
  context.era = refused.era;
  context.shape = refused.shape;
  context.method = refused.method;
  context.authenticated = x.principal.has_value();
  context.entry = x.entry_id;
  context.decision = refused.decision ? &*refused.decision : nullptr;
  context.effect = refused.effect;
  context.name = refused.name;
  context.explanation = refused.explanation;
  context.requested = refused.requested;
  context.challenge = refused.challenge;
  if (refused.violation.reason == Reason::http_method_not_allowed) context.allow = refused.allow;
  return context;
}

bool known_method(std::string_view method) {
  for (Era era : {Era::modern, Era::legacy})
    for (bool request : {true, false})
      if (client_may_send(era, method, request) || server_may_send(era, method, request)) return true;
  return method == kOpenStream || method == kEndSession || method == kFetchCatalogue || method == kPostedResponse;
}

std::string Exchange::version() const {
  if (server->version) return server->version->value;
  return catalogue->version();
}

Headers Exchange::headers() const {
  Headers out = ids();
  const std::string_view origin = head ? head->find("origin") : std::string_view();
  if (!origin.empty()) out.add(now->door.cors(origin));
  return out;
}

Headers Exchange::ids() const {
  return Headers{{"x-trace-id", trace_id}, {"x-span-id", span_id}, {"x-durward-entry", entry_id}};
}

}  // namespace durward::gateway
