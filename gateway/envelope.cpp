#include "gateway/envelope.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <stdexcept>

#include "gateway/message.hpp"

namespace durward::gateway {
namespace {

using json::Kind;
using json::Member;
using json::Value;
using policy::Outcome;

/// Names by length, so that one is compared with few.
class Names {
 public:
  template <std::size_t N>
  explicit constexpr Names(const std::array<std::string_view, N>& by_length) : all_(by_length) {
    if (by_length.back().size() > kLongest) throw std::length_error("a name beyond kLongest");  // does not compile
    for (std::size_t length = 0; length < begin_.size(); ++length)
      while (begin_[length] < N && by_length[begin_[length]].size() < length) ++begin_[length];
  }
  constexpr std::span<const std::string_view> all() const { return all_; }
  constexpr std::span<const std::string_view> of(std::size_t length) const {
    if (length + 1 >= begin_.size()) return {};
    return all_.subspan(begin_[length], std::size_t{begin_[length + 1]} - begin_[length]);
  }

 private:
  static constexpr std::size_t kLongest = 48;
  std::span<const std::string_view> all_;
  std::array<std::uint8_t, kLongest + 2> begin_{};  // by length: how many names are shorter
};

template <class... Name>
constexpr std::array<std::string_view, sizeof...(Name)> by_length(const Name&... name) {
  std::array<std::string_view, sizeof...(Name)> names{name...};
  std::sort(names.begin(), names.end(), [](std::string_view a, std::string_view b) { return a.size() < b.size(); });
  return names;
}

constexpr auto kEnvelopeSorted = by_length("jsonrpc", "id", "method", "params", "result", "error");
constexpr Names kEnvelope(kEnvelopeSorted);
// Every member of `params` that some revision defines, in either direction.
constexpr auto kParamsSorted = by_length(
    "_meta", "argument", "arguments", "capabilities", "clientInfo", "context", "createdAt", "cursor", "data", "elicitationId",
    "includeContext", "inputResponses", "lastUpdatedAt", "level", "logger", "maxTokens", "message", "messages", "metadata",
    "mode", "modelPreferences", "name", "notifications", "pollInterval", "progress", "progressToken", "protocolVersion",
    "reason", "ref", "requestId", "requestState", "requestedSchema", "status", "statusMessage", "stopSequences", "systemPrompt",
    "task", "taskId", "temperature", "toolChoice", "tools", "total", "ttl", "uri", "url");
constexpr Names kParams(kParamsSorted);
constexpr auto kMetaSorted = by_length(kVersionKey, kCapabilitiesKey, kClientInfoKey, "io.modelcontextprotocol/logLevel",
                                       "io.modelcontextprotocol/related-task", "io.modelcontextprotocol/subscriptionId",
                                       "baggage", "progressToken", "traceparent", "tracestate");
constexpr Names kMeta(kMetaSorted);
constexpr auto kRefSorted = by_length("type", "name", "uri");
constexpr Names kRef(kRefSorted);
constexpr auto kListenSorted =
    by_length("promptsListChanged", "resourceSubscriptions", "resourcesListChanged", "toolsListChanged");
constexpr Names kListen(kListenSorted);
constexpr auto kResultSorted = by_length(
    "_meta", "cacheScope", "capabilities", "completion", "content", "contents", "inputRequests", "instructions", "isError",
    "messages", "nextCursor", "prompts", "protocolVersion", "requestState", "resources", "resourceTemplates", "resultType",
    "serverInfo", "structuredContent", "supportedVersions", "task", "tasks", "tools", "ttlMs");
constexpr Names kResult(kResultSorted);

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

// A string's decoded text: a view into its document, or into storage where it has escapes.
std::string_view text_of(Value string, std::string& storage) {
  if (const auto plain = string.plain()) return *plain;
  return storage = string.string();
}

// Whether key is, but for its case, one of names, and not exactly one of them.
bool is_variant(std::string_view key, const Names& names) {
  const bool ascii = std::none_of(key.begin(), key.end(), [](char c) { return (c & 0x80) != 0; });
  bool variant = false;
  for (const std::string_view name : ascii ? names.of(key.size()) : names.all()) {
    // Most names differ in their first letter, which ends it here.
    if (ascii && ((name[0] ^ key[0]) & ~0x20) != 0) continue;
    if (name == key) return false;
    variant = variant || alike(key, name);
  }
  return variant;
}

bool has_variant(Value object, const Names& names) {
  std::string storage;
  for (const Member member : object.members()) {
    if (is_variant(text_of(member.key, storage), names)) return true;
  }
  return false;
}

bool is_id(Value value) { return value.is(Kind::string) || value.integer().has_value(); }

struct Members {
  Value jsonrpc, id, method, params, result, error;

  // Null: JSON-RPC has no such member.
  Value* place(std::string_view name) {
    if (name == "jsonrpc") return &jsonrpc;
    if (name == "id") return &id;
    if (name == "method") return &method;
    if (name == "params") return &params;
    if (name == "result") return &result;
    if (name == "error") return &error;
    return nullptr;
  }
};

Outcome<Members, std::string> read_members(Value root) {
  if (!root.is(Kind::object)) return std::string("not a JSON object");
  Members read;
  std::string storage;
  for (const Member member : root.members()) {
    const std::string_view name = text_of(member.key, storage);
    Value* const place = read.place(name);
    if (!place && is_variant(name, kEnvelope)) return std::string("an envelope member in the wrong case");
    if (!place) return std::string("a member that JSON-RPC does not define");
    *place = member.value;
  }
  if (!read.jsonrpc.equals("2.0")) return std::string("jsonrpc is not \"2.0\"");
  return read;
}

Outcome<void, std::string> check_params(Value params) {
  if (!params) return {};
  if (!params.is(Kind::object)) return std::string("params is not an object");
  const bool variant = has_variant(params, kParams) || has_variant(params.find("_meta"), kMeta) ||
                       has_variant(params.find("ref"), kRef) || has_variant(params.find("notifications"), kListen);
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

bool is_case_variant(Value key, std::string_view name) {
  std::string storage;
  const std::string_view text = text_of(key, storage);
  return text != name && alike(text, name);
}

Value read_id(Value root) {
  const Value id = root.find("id");
  return is_id(id) ? id : Value();
}

bool has_result_variant(Value result) { return has_variant(result, kResult); }

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
