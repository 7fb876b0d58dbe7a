#pragma once
#include <string>
#include <string_view>

#include "policy/json.hpp"
#include "policy/outcome.hpp"

/// The JSON-RPC envelope, alike in every era and both directions.
namespace durward::gateway {

struct Envelope {
  json::Value id, params, result, error;  // absent where the message has none; a null id counts as absent
  std::string method;                     // empty for a response
  bool is_response() const { return method.empty(); }
};

/// Exactly one message: the members of JSON-RPC 2.0 and no others, a method or one of result and error, never both, an id
/// that is a string or an integer within ±(2^53−1). Members of the envelope and of params that differ by case only from those
/// that MCP defines are refused, since some parsers ignore case. id_may_lack: an error may have a null id, or none. The error
/// is one sentence for the operator.
policy::Outcome<Envelope, std::string> read_envelope(json::Value root, bool id_may_lack);

/// The id of something that may be no valid message, if it has one of the right type.
json::Value read_id(json::Value root);

/// A member whose name is, but for its case, one that MCP gives a meaning in a result.
bool has_result_variant(json::Value result);

}  // namespace durward::gateway
