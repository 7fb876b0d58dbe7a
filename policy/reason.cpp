#include "policy/reason.hpp"

namespace durward::policy {

// A switch without a default, so that a new reason without a name does not compile.
std::string_view name(Reason reason) noexcept {
  switch (reason) {
    case Reason::not_json:
      return "not_json";
    case Reason::not_a_message:
      return "not_a_message";
    case Reason::bad_envelope:
      return "bad_envelope";
    case Reason::header_mismatch:
      return "header_mismatch";
    case Reason::version_unsupported:
      return "version_unsupported";
    case Reason::method_not_allowed:
      return "method_not_allowed";
    case Reason::unknown_tool:
      return "unknown_tool";
    case Reason::unknown_prompt:
      return "unknown_prompt";
    case Reason::unknown_resource:
      return "unknown_resource";
    case Reason::denied:
      return "denied";
    case Reason::awaits_approval:
      return "awaits_approval";
    case Reason::arguments_invalid:
      return "arguments_invalid";
    case Reason::withheld:
      return "withheld";
    case Reason::batch_refused:
      return "batch_refused";
    case Reason::unauthenticated:
      return "unauthenticated";
    case Reason::insufficient_scope:
      return "insufficient_scope";
    case Reason::keys_unavailable:
      return "keys_unavailable";
    case Reason::origin_forbidden:
      return "origin_forbidden";
    case Reason::host_forbidden:
      return "host_forbidden";
    case Reason::no_such_route:
      return "no_such_route";
    case Reason::session_unknown:
      return "session_unknown";
    case Reason::http_method_not_allowed:
      return "http_method_not_allowed";
    case Reason::http_malformed:
      return "http_malformed";
    case Reason::http_version:
      return "http_version";
    case Reason::coding_unknown:
      return "coding_unknown";
    case Reason::body_too_large:
      return "body_too_large";
    case Reason::headers_too_large:
      return "headers_too_large";
    case Reason::unsupported_media:
      return "unsupported_media";
    case Reason::request_timeout:
      return "request_timeout";
    case Reason::too_many_connections:
      return "too_many_connections";
    case Reason::overloaded:
      return "overloaded";
    case Reason::ledger_unavailable:
      return "ledger_unavailable";
    case Reason::credential_unavailable:
      return "credential_unavailable";
    case Reason::catalogue_unavailable:
      return "catalogue_unavailable";
    case Reason::upstream_unreachable:
      return "upstream_unreachable";
    case Reason::upstream_failed:
      return "upstream_failed";
    case Reason::upstream_timeout:
      return "upstream_timeout";
    case Reason::client_gone:
      return "client_gone";
    case Reason::draining:
      return "draining";
    case Reason::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace durward::policy
