#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "gateway/broker.hpp"
#include "gateway/exchange.hpp"
#include "gateway/message.hpp"
#include "gateway/refusal.hpp"
#include "gateway/refused.hpp"

/// The stages of the pipeline that do no I/O.
namespace durward::gateway {

/// What is judged besides JSON-RPC methods: a GET stream, a DELETE, the gateway's own fetch of a catalogue,
/// and the answer of a client to a server's request.
inline constexpr std::string_view kOpenStream = "durward/stream";
inline constexpr std::string_view kEndSession = "durward/end";
inline constexpr std::string_view kFetchCatalogue = "durward/catalogue";
inline constexpr std::string_view kPostedResponse = "durward/response";

/// One JSON body, uncoded. Errors: unsupported_media.
policy::Outcome<void> check_media(const Head& head);

/// Of a GET or DELETE, which have no body to say so: a legacy revision that we speak, or none named. Errors:
/// version_unsupported.
policy::Outcome<void> check_revision(const Head& head);

/// Legacy: opens the caller's session id, if it sent one, into x.session. Errors: session_unknown.
policy::Outcome<void, Refused> bind_session(Exchange& x, const Message& message);

/// Every resource that a subscriptions/listen names. Errors: the first refusal.
policy::Outcome<void, Refused> judge_subscriptions(const Exchange& x, const Message& message);

/// Checks for what is not a JSON-RPC message: kOpenStream and kEndSession.
policy::Outcome<policy::Cleared, Refused> clear_verb(const Exchange& x, const policy::Principal& principal,
                                                     std::string_view verb);

/// The refusal of one message, with what its answer needs of it.
Refused refused_message(Refused refused, const Message& message);

/// The secrets that a call names in its arguments. Nothing for any other message.
Brokerage secrets_of(const Exchange& x, const Message& message, const policy::Grant& granted);

/// Body bytes to forward: the caller's own, but for the `_meta` splices and the secrets that it names.
std::string forwarded(const json::Document& document, const std::vector<Message>& messages, const Exchange& x,
                      const std::vector<Brokered>& secrets);

/// What upstream gets of the caller's head: an allowlist.
Headers upstream_headers(const Exchange& x, Era era, bool has_body);

/// The context of a refusal's answer. Views refused and x.
RefusalContext context_of(const Exchange& x, const Refused& refused);

/// Whether a method is one of MCP's, in any era and direction: only those are recorded in clear.
bool known_method(std::string_view method);

}  // namespace durward::gateway
