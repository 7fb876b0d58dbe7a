#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace durward::policy {

/// Every way in which the gateway itself says no. Closed list: `gateway/refusal` holds exactly one row for each,
/// and no other file names an HTTP status or a JSON-RPC code for it.
enum class Reason : std::uint8_t {
  not_json,             // the body is not JSON, not UTF-8, repeats a member, or nests too deep
  not_a_message,        // JSON, but not one JSON-RPC message of the caller's era
  bad_envelope,         // `_meta` of a modern message lacks what its revision requires
  header_mismatch,      // a header and the body disagree
  version_unsupported,  // a protocol revision that the gateway does not speak
  method_not_allowed,   // a method that is unknown, or that the rulebook denies for this server
  unknown_tool,         // a tool that is hidden from this caller, or does not exist: the same bytes for both
  unknown_prompt,       // a prompt outside the allowlist
  unknown_resource,     // a resource outside the allowlist
  denied,               // a visible name that the rulebook denies
  awaits_approval,      // the rulebook escalates
  arguments_invalid,    // they break the tool's own schema: answered as the tool's result, which a model can correct
  withheld,             // content that may not pass in this direction
  batch_refused,        // an element of a batch whose other element was refused
  unauthenticated,      // no credential, or one that does not hold
  insufficient_scope,   // a credential that lacks a scope
  keys_unavailable,     // no key set of a token's issuer can be had: it can be neither believed nor refused
  origin_forbidden,     // the Origin header names a site that is not allowed
  host_forbidden,       // the Host header names an authority that is not ours
  no_such_route,        // no such path
  session_unknown,      // the session id does not open, or belongs to someone else
  http_method_not_allowed,
  http_malformed,  // HTTP that we refuse to interpret
  http_version,    // another protocol than HTTP/1.1
  coding_unknown,  // a transfer coding other than chunked
  body_too_large,
  headers_too_large,
  unsupported_media,
  request_timeout,  // the caller sent too slowly
  too_many_connections,
  overloaded,              // a limit of the whole process is reached
  ledger_unavailable,      // no durable record, therefore no call
  credential_unavailable,  // the credential for the server cannot be had, and nothing goes without
  catalogue_unavailable,   // nothing is known of the server's tools, so names by wildcard cannot be judged
  upstream_unreachable,    // refused, reset, or TLS failure before a byte was sent: effect none
  upstream_failed,         // the upstream answered with what cannot be passed on, or died: effect unknown
  upstream_timeout,
  client_gone,  // the caller hung up before the answer: recorded, never sent
  draining,     // the gateway is shutting down
  internal,     // a defect of ours
};

inline constexpr std::size_t kReasons = static_cast<std::size_t>(Reason::internal) + 1;

/// The stable name of a reason: metric label, `error.data.reason` and the ledger's words.
std::string_view name(Reason reason) noexcept;

}  // namespace durward::policy
