#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/message.hpp"
#include "policy/decision.hpp"
#include "policy/reason.hpp"

/// The one table of refusals. No other file names an HTTP status or a JSON-RPC code for a Reason.
namespace durward::gateway {

enum class Retry : std::uint8_t { never, later };  // later: Retry-After and retry_after_ms are sent

/// What a caller learns besides status, code and text.
enum class Tells : std::uint8_t {
  result,   // a tool's result that says it failed, which the model reads: to whom asked for nothing, an error
  data,     // error.data, where the caller is authenticated
  id,       // the id, never data: the bytes must not depend on the cause
  nothing,  // one fixed body, without even the id
};

struct Row {
  policy::Reason reason;
  unsigned http;           // to a request of an authenticated caller, modern
  unsigned http_legacy;    // likewise, legacy
  unsigned http_oneway;    // to a notification or posted response
  unsigned http_stranger;  // before authentication
  unsigned http_discover;  // to server/discover: nothing here may make SDK v2 fall back to initialize, but for what the
                           // protocol fixes
  int rpc;
  std::string_view text;  // for the public
  Retry retry;
  Tells tells;
  std::string_view label;  // metric label: policy::name of the reason
};

const std::array<Row, policy::kReasons>& refusal_table() noexcept;  // in the order of Reason
const Row& row(policy::Reason reason) noexcept;

struct RefusalContext {
  policy::Reason reason = policy::Reason::internal;
  std::string_view id;  // raw id token, or empty where none could be read
  Era era = Era::legacy;
  Shape shape = Shape::request;
  std::string_view method;  // JSON-RPC method, or empty
  bool authenticated = false;
  std::string_view entry;                      // ledger id, or empty
  const policy::Decision* decision = nullptr;  // findings that denied or escalated, and the rule, are told
  std::string_view effect;                     // "none", "unknown", or empty where it goes without saying
  std::string_view name;                       // of the tool, prompt or resource: for unknown_*
  std::string_view explanation;                // for arguments_invalid: what is wrong with them, without their text
  std::string_view requested;                  // for version_unsupported
  unsigned retry_after_s = 1;                  // where the row says later
  std::string_view challenge;                  // WWW-Authenticate, for unauthenticated and insufficient_scope
  std::string_view allow;                      // Allow, for http_method_not_allowed
};

struct Refusal {
  unsigned http = 500;
  std::string body;  // application/json; also the replacement of a refused event or message
  std::vector<std::pair<std::string, std::string>> headers;  // lower-case names: content-type and what the row asks for
};

/// Never throws for hostile input; names are escaped.
Refusal refuse(const RefusalContext& context);

/// The table for the README.
std::string refusal_table_markdown();

}  // namespace durward::gateway
