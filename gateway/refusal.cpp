#include "gateway/refusal.hpp"

#include <algorithm>

#include "gateway/vocabulary.hpp"
#include "policy/json.hpp"

namespace durward::gateway {
namespace {

using policy::Reason;

// clang-format off
//                                    request         one-  stran- dis-
// reason                             modern  legacy  way   ger    cover   rpc     text                                       retry         tells           label
constexpr std::array<Row, policy::kReasons> kTable{{
  {Reason::not_json,                  400,    400,    400,  400,   400,  -32700,  "Parse error",                             Retry::never, Tells::data,    "not_json"},
  {Reason::not_a_message,             400,    400,    400,  400,   400,  -32600,  "Invalid Request",                         Retry::never, Tells::data,    "not_a_message"},
  {Reason::bad_envelope,              400,    400,    400,  400,   400,  -32602,  "Invalid params",                          Retry::never, Tells::data,    "bad_envelope"},
  {Reason::header_mismatch,           400,    400,    400,  400,   400,  -32020,  "Header mismatch",                         Retry::never, Tells::data,    "header_mismatch"},
  {Reason::version_unsupported,       400,    400,    400,  400,   400,  -32022,  "Unsupported protocol version",            Retry::never, Tells::data,    "version_unsupported"},
  {Reason::method_not_allowed,        404,    200,    403,  404,   403,  -32601,  "Method not found",                        Retry::never, Tells::data,    "method_not_allowed"},
  {Reason::unknown_tool,              200,    200,    403,  403,   403,  -32602,  "Unknown tool",                            Retry::never, Tells::id,      "unknown_tool"},
  {Reason::unknown_prompt,            200,    200,    403,  403,   403,  -32602,  "Unknown prompt",                          Retry::never, Tells::id,      "unknown_prompt"},
  {Reason::unknown_resource,          200,    200,    403,  403,   403,  -32602,  "Unknown resource",                        Retry::never, Tells::id,      "unknown_resource"},
  {Reason::denied,                    200,    200,    403,  403,   403,   42001,  "Denied by policy",                        Retry::never, Tells::data,    "denied"},
  {Reason::awaits_approval,           200,    200,    403,  403,   403,   42002,  "Approval required",                       Retry::never, Tells::data,    "awaits_approval"},
  {Reason::arguments_invalid,         200,    200,    403,  403,   403,  -32602,  "Invalid arguments",                       Retry::never, Tells::result,  "arguments_invalid"},
  {Reason::withheld,                  200,    200,    403,  403,   403,   42003,  "Withheld by policy",                      Retry::never, Tells::data,    "withheld"},
  {Reason::batch_refused,             200,    200,    403,  403,   403,   42006,  "Another element of the batch was refused", Retry::never, Tells::data,   "batch_refused"},
  {Reason::unauthenticated,           401,    401,    401,  401,   401,   42401,  "Authentication required",                 Retry::never, Tells::data,    "unauthenticated"},
  {Reason::insufficient_scope,        403,    403,    403,  403,   403,   42403,  "Insufficient scope",                      Retry::never, Tells::data,    "insufficient_scope"},
  {Reason::keys_unavailable,          503,    503,    503,  503,   503,   42503,  "Unavailable: the credential cannot be checked", Retry::later, Tells::data, "keys_unavailable"},
  {Reason::origin_forbidden,          403,    403,    403,  403,   403,  -32600,  "Origin not allowed",                      Retry::never, Tells::nothing, "origin_forbidden"},
  {Reason::host_forbidden,            403,    403,    403,  403,   403,  -32600,  "Host not allowed",                        Retry::never, Tells::nothing, "host_forbidden"},
  {Reason::no_such_route,             404,    404,    404,  404,   404,  -32600,  "Not found",                               Retry::never, Tells::nothing, "no_such_route"},
  {Reason::session_unknown,           404,    404,    404,  404,   404,  -32600,  "Session not found",                       Retry::never, Tells::nothing, "session_unknown"},
  {Reason::http_method_not_allowed,   405,    405,    405,  405,   405,  -32600,  "Method not allowed",                      Retry::never, Tells::nothing, "http_method_not_allowed"},
  {Reason::http_malformed,            400,    400,    400,  400,   400,  -32600,  "Bad Request",                             Retry::never, Tells::nothing, "http_malformed"},
  {Reason::http_version,              505,    505,    505,  505,   505,  -32600,  "HTTP version not supported",              Retry::never, Tells::nothing, "http_version"},
  {Reason::coding_unknown,            501,    501,    501,  501,   501,  -32600,  "Transfer coding not supported",           Retry::never, Tells::nothing, "coding_unknown"},
  {Reason::body_too_large,            413,    413,    413,  413,   413,  -32600,  "Body too large",                          Retry::never, Tells::data,    "body_too_large"},
  {Reason::headers_too_large,         431,    431,    431,  431,   431,  -32600,  "Header fields too large",                 Retry::never, Tells::nothing, "headers_too_large"},
  {Reason::unsupported_media,         415,    415,    415,  415,   415,  -32600,  "Unsupported media type",                  Retry::never, Tells::data,    "unsupported_media"},
  {Reason::request_timeout,           408,    408,    408,  408,   408,  -32600,  "Request timeout",                         Retry::never, Tells::nothing, "request_timeout"},
  {Reason::too_many_connections,      503,    503,    503,  503,   503,   42503,  "Too many connections",                    Retry::later, Tells::nothing, "too_many_connections"},
  {Reason::overloaded,                200,    200,    503,  503,   503,   42503,  "Overloaded",                              Retry::later, Tells::data,    "overloaded"},
  {Reason::ledger_unavailable,        200,    200,    503,  503,   503,   42503,  "Unavailable: the call cannot be recorded", Retry::later, Tells::data,   "ledger_unavailable"},
  {Reason::credential_unavailable,    200,    200,    503,  503,   503,   42503,  "Unavailable: no credential for the server", Retry::later, Tells::data,  "credential_unavailable"},
  {Reason::catalogue_unavailable,     200,    200,    503,  503,   503,   42503,  "Unavailable: the server's tools are not known", Retry::later, Tells::data, "catalogue_unavailable"},
  {Reason::upstream_unreachable,      200,    200,    502,  502,   502,   42502,  "Server unreachable",                      Retry::later, Tells::data,    "upstream_unreachable"},
  {Reason::upstream_failed,           200,    200,    502,  502,   502,   42502,  "Server failed",                           Retry::never, Tells::data,    "upstream_failed"},
  {Reason::upstream_timeout,          200,    200,    504,  504,   504,   42504,  "Server timed out",                        Retry::never, Tells::data,    "upstream_timeout"},
  {Reason::client_gone,               503,    503,    503,  503,   503,   42502,  "Caller gone",                             Retry::never, Tells::data,    "client_gone"},
  {Reason::draining,                  200,    200,    503,  503,   503,   42503,  "Shutting down",                           Retry::later, Tells::data,    "draining"},
  {Reason::internal,                  200,    200,    500,  500,   500,  -32603,  "Internal error",                          Retry::never, Tells::data,    "internal"},
}};
// clang-format on

constexpr bool one_row_each() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].reason) != i) return false;
    if (kTable[i].http == 0 || kTable[i].http_discover == 0 || kTable[i].text.empty() || kTable[i].label.empty()) return false;
  }
  return true;
}
static_assert(one_row_each(), "each Reason has exactly one row, in the order of Reason");

constexpr std::size_t kRequestedMax = 64;  // bytes of a revision that are worth repeating

bool one_way(const RefusalContext& context) { return context.shape == Shape::notification || context.shape == Shape::response; }

unsigned status(const Row& row, const RefusalContext& context) {
  if (!context.authenticated) return row.http_stranger;
  if (context.method == "server/discover" && context.era == Era::modern) return row.http_discover;
  if (one_way(context)) return row.http_oneway;
  return context.era == Era::modern ? row.http : row.http_legacy;
}

std::string text(const Row& row, const RefusalContext& context) {
  if (row.tells != Tells::id || context.name.empty()) return std::string(row.text);
  return std::string(row.text) + ": " + std::string(context.name);
}

/// `"key":` before a value, and a comma before it where it is not the first.
void key(std::string& object, std::string_view name) {
  if (object.back() != '{') object += ',';
  object.append(json::quote(name)).append(":");
}

void member(std::string& object, std::string_view name, std::string_view value) {
  key(object, name);
  object += json::quote(value);
}

// Notes and would_deny are for the operator: a caller learns what stopped it.
std::vector<const policy::Finding*> told(const policy::Decision& decision) {
  std::vector<const policy::Finding*> all;
  for (const policy::Finding& finding : decision.findings) {
    if (finding.effect >= policy::Effect::escalate) all.push_back(&finding);
  }
  return all;
}

void add_decision(std::string& data, const policy::Decision& decision) {
  const auto findings = told(decision);
  const auto ruled =
      std::find_if(findings.begin(), findings.end(), [](const policy::Finding* each) { return !each->rule.empty(); });
  if (ruled != findings.end()) member(data, "rule", (*ruled)->rule);
  if (!decision.reason.empty()) member(data, "why", decision.reason);
  if (findings.empty()) return;
  key(data, "findings");
  data += '[';
  for (const policy::Finding* each : findings) {
    if (data.back() != '[') data += ',';
    const policy::CodeInfo& about = policy::info(each->code);
    data += '{';
    member(data, "code", about.name);
    member(data, "severity", policy::name(about.severity));
    if (!each->at.empty()) member(data, "at", each->at);
    data += '}';
  }
  data += ']';
}

void add_versions(std::string& data, const RefusalContext& context) {
  key(data, "supported");
  data += '[';
  for (const std::string_view revision : kRevisions) {
    // A modern caller can use modern revisions only; server/discover of a modern server names no others either.
    if (context.era == Era::modern && !is_modern(revision)) continue;
    if (data.back() != '[') data += ',';
    data += json::quote(revision);
  }
  data += ']';
  if (!context.requested.empty() && context.requested.size() <= kRequestedMax) member(data, "requested", context.requested);
}

std::string data_of(const Row& row, const RefusalContext& context) {
  std::string data = "{";
  if (context.reason == Reason::version_unsupported) add_versions(data, context);
  member(data, "reason", row.label);
  if (context.decision != nullptr) add_decision(data, *context.decision);
  if (row.retry == Retry::later) {
    key(data, "retry_after_ms");
    data += std::to_string(std::uint64_t{context.retry_after_s} * 1000);
  }
  if (!context.effect.empty()) member(data, "effect", context.effect);
  if (!context.entry.empty()) member(data, "entry", context.entry);
  return data + "}";
}

// What asks for no answer gets an error without id, unless its body is fixed whatever was asked. An id that could not be read,
// or is not told: the modern schema forbids null, the legacy one expects it.
void add_id(std::string& body, const Row& row, const RefusalContext& context) {
  if (one_way(context) && row.tells != Tells::nothing) return;
  const bool withheld = row.tells == Tells::nothing || context.id.empty();
  if (withheld && context.era == Era::modern) return;
  key(body, "id");
  body += withheld ? std::string_view("null") : context.id;
}

// A failure of the tool itself is what models are made to read and correct.
std::string result_of(const Row& row, const RefusalContext& context) {
  std::string text(row.text);
  if (!context.explanation.empty()) text.append("\n").append(context.explanation);
  std::string body = "{";
  member(body, "jsonrpc", "2.0");
  add_id(body, row, context);
  body += R"(,"result":{"content":[{"type":"text","text":)" + json::quote(text) + R"(}],"isError":true)";
  if (context.era == Era::modern) member(body, "resultType", "complete");
  return body + "}}";
}

std::string body_of(const Row& row, const RefusalContext& context) {
  if (row.tells == Tells::result && context.authenticated && !one_way(context) && !context.id.empty())
    return result_of(row, context);
  std::string body = "{";
  member(body, "jsonrpc", "2.0");
  add_id(body, row, context);
  key(body, "error");
  body += '{';
  key(body, "code");
  body += std::to_string(row.rpc);
  member(body, "message", text(row, context));
  if (context.authenticated && row.tells == Tells::data) {
    key(body, "data");
    body += data_of(row, context);
  }
  return body + "}}";
}

std::string cells(const Row& row) {
  const auto number = [](unsigned value) { return std::to_string(value); };
  const std::string rpc = row.tells == Tells::result ? "a result with `isError`" : std::to_string(row.rpc);
  return "| `" + std::string(row.label) + "` | " + number(row.http) +
         (row.http == row.http_legacy ? "" : " (legacy " + number(row.http_legacy) + ")") + " | " + number(row.http_oneway) +
         " | " + number(row.http_stranger) + " | " + number(row.http_discover) + " | " + rpc + " | " + std::string(row.text) +
         " | " + (row.retry == Retry::later ? "later" : "") + " |\n";
}

}  // namespace

const std::array<Row, policy::kReasons>& refusal_table() noexcept { return kTable; }

const Row& row(Reason reason) noexcept { return kTable[static_cast<std::size_t>(reason)]; }

Refusal refuse(const RefusalContext& context) {
  const Row& found = row(context.reason);
  Refusal refusal{status(found, context), body_of(found, context), {{"content-type", "application/json"}}};
  if (found.retry == Retry::later) refusal.headers.emplace_back("retry-after", std::to_string(context.retry_after_s));
  if (!context.challenge.empty()) refusal.headers.emplace_back("www-authenticate", context.challenge);
  if (!context.allow.empty()) refusal.headers.emplace_back("allow", context.allow);
  return refusal;
}

std::string refusal_table_markdown() {
  std::string out =
      "| Reason | HTTP | One-way | Before authentication | `server/discover` | JSON-RPC | Message | Retry |\n"
      "|---|---|---|---|---|---|---|---|\n";
  for (const Row& each : kTable) out += cells(each);
  return out;
}

}  // namespace durward::gateway
