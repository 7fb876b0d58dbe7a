#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/head.hpp"
#include "gateway/vocabulary.hpp"
#include "policy/json.hpp"
#include "policy/outcome.hpp"

/// JSON-RPC and MCP envelopes: from bytes to a message that stages can decide on. Policy is decided on the body;
/// headers are only compared with it.
namespace durward::gateway {

enum class Shape : std::uint8_t { request, notification, response, batch };

/// One message from a client, its envelope checked by the rules of its era. All Values point into the Document it was
/// read from, which must stay where it is.
struct Message {
  Era era = Era::legacy;
  Shape shape = Shape::request;
  json::Value root;
  json::Value id;             // string or integer within ±(2^53−1); absent for a notification
  json::Value params;         // an object, or absent
  json::Value result, error;  // of a posted response: exactly one is present
  std::string method;         // empty for a response
  policy::Target target = policy::Target::none;
  std::string name;      // decoded: tool, prompt, resource URI or URI template; empty where target is none
  std::string revision;  // modern: as claimed in `_meta` (a notification: else in the header); legacy: the MCP-Protocol-Version
                         // header, or empty
};

/// Why a body could not be read, with as much as the answer needs.
struct Unread {
  policy::Violation violation;
  std::string id;         // the raw id token where one could be read, else empty
  std::string requested;  // for version_unsupported: the revision that was asked for
  Era era = Era::legacy;  // as far as it could be told
};

/// The whole body as JSON. Errors: not_json.
policy::Outcome<json::Document, Unread> parse_body(std::string body, const json::Limits& limits);

/// One POSTed message that is not a batch, through the ladder: shape (not_a_message), header against body (header_mismatch),
/// envelope (bad_envelope), revision (version_unsupported), standard headers (header_mismatch), name (bad_envelope). Whether
/// the method is allowed is not decided here: see client_may_send. Arrays are not_a_message: look at is_batch first.
policy::Outcome<Message, Unread> read_message(const json::Document& document, const Head& head);

bool is_batch(const json::Document& document);  // an array

/// A batch (legacy, 2025-03-26): one to max elements, all of them requests and notifications, or all of them responses; no
/// initialize, no element that claims the modern era, no id twice. Whether batches were negotiated is the session's business,
/// but a MCP-Protocol-Version header other than 2025-03-26 is refused here. Errors: not_a_message, version_unsupported.
policy::Outcome<std::vector<Message>, Unread> read_batch(const json::Document& document, const Head& head, unsigned max);

/// What came from upstream: one JSON-RPC message.
enum class IncomingKind : std::uint8_t { request, notification, result, error };
struct Incoming {
  IncomingKind kind = IncomingKind::result;
  json::Value root;
  json::Value id;      // absent for a notification, and for an error whose id is null or missing
  json::Value params;  // of a request or notification; an object, or absent
  json::Value result;  // an object
  json::Value error;   // an object with an integer code
  std::string method;
};

/// Errors: upstream_failed.
policy::Outcome<Incoming> read_incoming(json::Value value);
/// A JSON answer or event, which may be an array in answer to a batch: its messages, 1 to max. Errors: upstream_failed.
policy::Outcome<std::vector<Incoming>> read_incoming_batch(json::Value value, unsigned max);

/// Whether two ids are the same: both strings with one decoded value, or both the same integer.
bool same_id(json::Value a, json::Value b);

/// The URIs in `params.notifications.resourceSubscriptions` of subscriptions/listen. Errors: bad_envelope, where the member is
/// not an array of strings.
policy::Outcome<std::vector<std::string>> subscribed_resources(const Message& message);

/// Whether key is name but for its case, as parsers that ignore case compare (U+017F and U+212A included), and not exactly it.
bool is_case_variant(json::Value key, std::string_view name);

/// The strict reading of MCP's header encoding: the text itself, or the decoded bytes of `=?base64?…?=`. Absent where the
/// sentinel's base64 is malformed or not UTF-8, or the value has other than visible ASCII, SP and HTAB.
std::optional<std::string> decode_header(std::string_view value);

}  // namespace durward::gateway
