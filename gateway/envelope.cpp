#include "gateway/envelope.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "gateway/message.hpp"

namespace durward::gateway {
namespace {

using json::Kind;
using json::Member;
using json::Value;
using policy::Outcome;

using Names = std::vector<std::string_view>;

const Names& envelope_names() {
  static const Names names{"jsonrpc", "id", "method", "params", "result", "error"};
  return names;
}

// Every member of `params` that some revision defines, in either direction.
const Names& params_names() {
  static const Names names{"_meta",
                           "argument",
                           "arguments",
                           "capabilities",
                           "clientInfo",
                           "context",
                           "createdAt",
                           "cursor",
                           "data",
                           "elicitationId",
                           "includeContext",
                           "inputResponses",
                           "lastUpdatedAt",
                           "level",
                           "logger",
                           "maxTokens",
                           "message",
                           "messages",
                           "metadata",
                           "mode",
                           "modelPreferences",
                           "name",
                           "notifications",
                           "pollInterval",
                           "progress",
                           "progressToken",
                           "protocolVersion",
                           "reason",
                           "ref",
                           "requestId",
                           "requestState",
                           "requestedSchema",
                           "status",
                           "statusMessage",
                           "stopSequences",
                           "systemPrompt",
                           "task",
                           "taskId",
                           "temperature",
                           "toolChoice",
                           "tools",
                           "total",
                           "ttl",
                           "uri",
                           "url"};
  return names;
}

const Names& meta_names() {
  static const Names names{kVersionKey,
                           kCapabilitiesKey,
                           kClientInfoKey,
                           "io.modelcontextprotocol/logLevel",
                           "io.modelcontextprotocol/related-task",
                           "io.modelcontextprotocol/subscriptionId",
                           "baggage",
                           "progressToken",
                           "traceparent",
                           "tracestate"};
  return names;
}

const Names& ref_names() {
  static const Names names{"type", "name", "uri"};
  return names;
}

const Names& listen_names() {
  static const Names names{"promptsListChanged", "resourceSubscriptions", "resourcesListChanged", "toolsListChanged"};
  return names;
}

const Names& result_names() {
  static const Names names{"_meta",
                           "cacheScope",
                           "capabilities",
                           "completion",
                           "content",
                           "contents",
                           "inputRequests",
                           "instructions",
                           "isError",
                           "messages",
                           "nextCursor",
                           "prompts",
                           "protocolVersion",
                           "requestState",
                           "resources",
                           "resourceTemplates",
                           "resultType",
                           "serverInfo",
                           "structuredContent",
                           "supportedVersions",
                           "task",
                           "tasks",
                           "tools",
                           "ttlMs"};
  return names;
}

bool has_variant(Value object, const Names& names) {
  for (const Member member : object.members()) {
    if (is_case_variant(member.key, names)) return true;
  }
  return false;
}

// The first character of text with its case folded, and its length. U+017F and U+212A are the only characters outside ASCII
// whose simple case folding is an ASCII letter.
std::pair<char, std::size_t> fold_one(std::string_view text) {
  if (text.starts_with("\xC5\xBF")) return {'s', 2};
  if (text.starts_with("\xE2\x84\xAA")) return {'k', 3};
  return {text[0] >= 'A' && text[0] <= 'Z' ? static_cast<char>(text[0] - 'A' + 'a') : text[0], 1};
}

bool alike(std::string_view text, std::string_view name) {
  if (text.size() < name.size() || text.size() > 3 * name.size()) return false;  // three bytes fold to one at most
  while (!text.empty() && !name.empty()) {
    const auto [a, length] = fold_one(text);
    if (a != fold_one(name).first) return false;
    text.remove_prefix(length);
    name.remove_prefix(1);
  }
  return text.empty() && name.empty();
}

bool is_id(Value value) { return value.is(Kind::string) || value.integer().has_value(); }

// The members of an envelope, in the order of envelope_names().
struct Members {
  Value jsonrpc, id, method, params, result, error;
};

Outcome<Members, std::string> read_members(Value root) {
  if (!root.is(Kind::object)) return std::string("not a JSON object");
  Members read;
  const std::array<Value*, 6> places{&read.jsonrpc, &read.id, &read.method, &read.params, &read.result, &read.error};
  for (const Member member : root.members()) {
    const auto plain = member.key.plain();
    const std::string decoded = plain ? std::string() : member.key.string();
    const auto found = std::find(envelope_names().begin(), envelope_names().end(), plain ? *plain : std::string_view(decoded));
    if (found == envelope_names().end()) {
      if (is_case_variant(member.key, envelope_names())) return std::string("an envelope member in the wrong case");
      return std::string("a member that JSON-RPC does not define");
    }
    *places.at(static_cast<std::size_t>(found - envelope_names().begin())) = member.value;
  }
  if (!read.jsonrpc.equals("2.0")) return std::string("jsonrpc is not \"2.0\"");
  return read;
}

Outcome<void, std::string> check_params(Value params) {
  if (!params) return {};
  if (!params.is(Kind::object)) return std::string("params is not an object");
  const bool variant = has_variant(params, params_names()) || has_variant(params.find("_meta"), meta_names()) ||
                       has_variant(params.find("ref"), ref_names()) ||
                       has_variant(params.find("notifications"), listen_names());
  if (variant) return std::string("a member of params in the wrong case");
  return {};
}

Outcome<void, std::string> check_response(const Envelope& envelope, bool id_may_lack) {
  if (envelope.result && envelope.error) return std::string("both result and error");
  if (!envelope.result && !envelope.error) return std::string("neither method, result nor error");
  if (envelope.params) return std::string("a response with params");
  if (!envelope.id && !(id_may_lack && envelope.error)) return std::string("a response without an id");
  if (envelope.result && !envelope.result.is(Kind::object)) return std::string("a result that is not an object");
  if (envelope.error) {
    const Value text = envelope.error.find("message");
    const bool sound = envelope.error.find("code").integer() && (!text || text.is(Kind::string));
    if (!sound) return std::string("an error without an integer code");
  }
  return {};
}

}  // namespace

bool is_case_variant(Value key, const Names& names) {
  const auto plain = key.plain();
  const std::string decoded = plain ? std::string() : key.string();
  const std::string_view text = plain ? *plain : std::string_view(decoded);
  const bool ascii = std::none_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
  bool variant = false;
  for (const std::string_view name : names) {
    // Most names differ in length or in their first letter, which ends it here.
    if (ascii && (name.size() != text.size() || ((name[0] ^ text[0]) & ~0x20) != 0)) continue;
    if (name == text) return false;
    variant = variant || alike(text, name);
  }
  return variant;
}

Value read_id(Value root) {
  const Value id = root.find("id");
  return is_id(id) ? id : Value();
}

bool has_result_variant(Value result) { return has_variant(result, result_names()); }

Outcome<Envelope, std::string> read_envelope(Value root, bool id_may_lack) {
  TRY(const Members members, read_members(root));
  Envelope envelope;
  envelope.params = members.params;
  envelope.result = members.result;
  envelope.error = members.error;
  const Value id = members.id;
  const Value method = members.method;
  if (is_id(id)) {
    envelope.id = id;
  } else if (id && !(id_may_lack && id.is(Kind::null) && envelope.error)) {
    return std::string("an id that is neither a string nor an integer within 2^53");
  }
  if (!method) {
    if (auto checked = check_response(envelope, id_may_lack); !checked) return std::move(checked).error();
    return envelope;
  }
  if (envelope.result || envelope.error) return std::string("both a method and a result or error");
  envelope.method = method.string();
  if (envelope.method.empty()) return std::string("a method that is not a non-empty string");
  if (auto checked = check_params(envelope.params); !checked) return std::move(checked).error();
  return envelope;
}

}  // namespace durward::gateway
