#pragma once
#include "gateway/exchange.hpp"
#include "gateway/pipeline.hpp"
#include "gateway/refused.hpp"

namespace durward::gateway {

enum class Routed : std::uint8_t { serve, answer_preflight };

/// Host and Origin are ours, and the path is one of ours. Errors: host_forbidden, origin_forbidden, no_such_route.
policy::Outcome<Routed, Refused> route(Exchange& x);

/// Who calls. Nothing expensive has happened yet, and the body has not been read.
policy::Outcome<void, Refused> authenticate(Exchange& x);

/// Finds the server of the path: only now, so that a stranger cannot tell which servers exist. Errors: no_such_route.
policy::Outcome<void, Refused> serve_server(Exchange& x);

/// The answer to a CORS preflight, which carries no credential and reaches nothing.
Task<Served> answer_preflight(Exchange& x);

}  // namespace durward::gateway
