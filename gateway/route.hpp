#pragma once
#include "gateway/authenticator.hpp"
#include "gateway/exchange.hpp"
#include "gateway/pipeline.hpp"
#include "gateway/refused.hpp"

namespace durward::gateway {

enum class Routed : std::uint8_t { serve, answer_preflight, tell_metadata };

/// Host and Origin are ours, and the path is one of ours: x.asked_server. Errors: host_forbidden, origin_forbidden,
/// no_such_route.
policy::Outcome<Routed, Refused> route(Exchange& x);

/// Who calls. Nothing expensive has happened yet, and the body has not been read. waited: keys have been fetched; else an
/// issuer's may come back, which must be fetched before anything can be said. Errors: unauthenticated, keys_unavailable.
policy::Outcome<std::optional<Authenticator::Wait>, Refused> authenticate(Exchange& x, bool waited);

/// Finds the server of the path: only now, so that a stranger cannot tell which servers exist. Errors: no_such_route.
policy::Outcome<void, Refused> serve_server(Exchange& x);

/// Whether the caller has the scopes of the server and of the tool, if one is named. Errors: insufficient_scope.
policy::Outcome<void, Refused> check_scopes(const Exchange& x, std::string_view tool);

/// The challenge of a refusal for want of these scopes.
std::string step_up(const Exchange& x, const std::vector<std::string_view>& scopes);

/// The answer to a CORS preflight, which carries no credential and reaches nothing.
Task<Served> answer_preflight(Exchange& x);

/// What tokens for a route must be (RFC 9728): public, needs no credential and reaches nothing. Errors: no_such_route,
/// http_method_not_allowed.
Task<Served> tell_metadata(Exchange& x);

}  // namespace durward::gateway
