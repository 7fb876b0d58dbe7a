#include "gateway/message.hpp"

#include <algorithm>
#include <set>

#include "gateway/envelope.hpp"
#include "policy/digest.hpp"
#include "policy/json_text.hpp"

namespace durward::gateway {
namespace {

using json::Kind;
using json::Value;
using policy::Outcome;
using policy::Reason;
using policy::Target;
using policy::Violation;

constexpr std::string_view kVersionHeader = "mcp-protocol-version";

Violation no(Reason reason, std::string detail) { return {reason, std::move(detail)}; }

// Control characters end strings and lines elsewhere; U+FFFD may stand for half a surrogate, which two parsers read as two
// names.
bool is_name(std::string_view text) {
  if (text.find("\xEF\xBF\xBD") != std::string_view::npos) return false;
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// What the message names, from its body. Errors: bad_envelope.
Outcome<void> read_name(Message& message) {
  // A method that its era does not have names nothing: it is refused as a method.
  if (message.shape == Shape::request && !client_may_send(message.era, message.method, true)) return {};
  Value value;
  if (message.method == "completion/complete") {
    const Value ref = message.params.find("ref");
    const bool prompt = ref.find("type").equals("ref/prompt");
    if (!prompt && !ref.find("type").equals("ref/resource")) return no(Reason::bad_envelope, "a ref of no known type");
    message.target = prompt ? Target::prompt : Target::resource;
    value = ref.find(prompt ? "name" : "uri");
  } else {
    message.target = target_of(message.method);
    if (message.target == Target::none) return {};
    value = message.params.find(name_member(message.method));
  }
  if (!value.is(Kind::string)) return no(Reason::bad_envelope, "the method's name or uri is missing or not a string");
  message.name = value.string();
  if (message.name.empty() || !is_name(message.name)) return no(Reason::bad_envelope, "a name that is empty or unprintable");
  return {};
}

Outcome<void> check_arguments(const Message& message) {
  const Value arguments = message.params.find("arguments");
  if (!arguments || arguments.is(Kind::object) || arguments.is(Kind::null)) return {};
  return no(Reason::bad_envelope, "arguments is not an object");
}

/// The ladder of a message that claims the modern era in `_meta`, or by header alone where it is a notification.
class Modern {
 public:
  Modern(Message& message, const Head& head, Value claim)
      : message_(message),
        head_(head),
        claim_(claim),
        meta_(message.params.find("_meta")),
        stated_(head.find(kVersionHeader)) {}

  Outcome<void> read() {
    if (auto step = agree(); !step) return step;
    if (auto step = envelope(); !step) return step;
    if (message_.revision != kModern) return no(Reason::version_unsupported, "a revision that the gateway does not speak");
    if (message_.shape == Shape::request) {
      if (auto step = standard_headers(); !step) return step;
    }
    return parameter_headers();
  }

 private:
  Outcome<void> agree() {
    const bool claimed = claim_.is(Kind::string);
    message_.revision = claimed ? claim_.string() : std::string(stated_);
    if (claimed && !stated_.empty() && stated_ != message_.revision)
      return no(Reason::header_mismatch, "MCP-Protocol-Version differs from _meta");
    if (head_.count("mcp-method") != 0 && head_.find("mcp-method") != message_.method)
      return no(Reason::header_mismatch, "Mcp-Method differs from method");
    return {};
  }

  Outcome<void> envelope() {
    if (claim_ && !claim_.is(Kind::string)) return no(Reason::bad_envelope, "the claimed revision is not a string");
    if (message_.shape != Shape::request) return {};
    if (!claim_) return no(Reason::bad_envelope, "the header names a modern revision, _meta does not");
    if (!meta_.find(kCapabilitiesKey).is(Kind::object)) return no(Reason::bad_envelope, "_meta lacks clientCapabilities");
    const Value info = meta_.find(kClientInfoKey);
    if (info && !info.is(Kind::object)) return no(Reason::bad_envelope, "clientInfo is not an object");
    return {};
  }

  Outcome<void> standard_headers() {
    if (stated_.empty()) return no(Reason::header_mismatch, "no MCP-Protocol-Version");
    if (head_.count("mcp-method") == 0) return no(Reason::header_mismatch, "no Mcp-Method");
    if (auto step = read_name(message_); !step) return step;
    if (!mirrors_name(message_.method)) return {};
    if (head_.count("mcp-name") == 0) return no(Reason::header_mismatch, "no Mcp-Name");
    const auto decoded = decode_header(head_.find("mcp-name"));
    if (!decoded) return no(Reason::header_mismatch, "Mcp-Name is not properly encoded");
    if (*decoded != message_.name) return no(Reason::header_mismatch, "Mcp-Name differs from the body");
    return {};
  }

  Outcome<void> parameter_headers() {
    for (const Field& field : head_.fields) {
      if (!starts_with_name(field.name, "mcp-param-")) continue;
      if (!decode_header(trimmed(field.value)))
        return no(Reason::header_mismatch, "an Mcp-Param field is not properly encoded");
    }
    return {};
  }

  Message& message_;
  const Head& head_;
  Value claim_, meta_;
  std::string_view stated_;
};

Outcome<void> read_legacy(Message& message, const Head& head) {
  message.revision = head.find(kVersionHeader);
  if (head.count(kVersionHeader) != 0 && !speaks_legacy(message.revision)) {
    return no(Reason::version_unsupported, "MCP-Protocol-Version names no revision that the gateway speaks");
  }
  return {};
}

/// Fills a message from an envelope whose shape is known to be good.
void fill(Message& message, Value root, Envelope envelope) {
  message.root = root;
  message.id = envelope.id;
  message.params = envelope.params;
  message.result = envelope.result;
  message.error = envelope.error;
  message.method = std::move(envelope.method);
  message.shape = message.method.empty() ? Shape::response : message.id ? Shape::request : Shape::notification;
}

Outcome<void> read_single(Message& message, Value root, const Head& head) {
  auto envelope = read_envelope(root, false);
  if (!envelope) return no(Reason::not_a_message, std::move(envelope).error());
  fill(message, root, *std::move(envelope));
  if (message.shape == Shape::response) {
    if (message.era == Era::modern) return no(Reason::not_a_message, "a posted response under a modern revision");
    return read_legacy(message, head);
  }
  const Value meta = message.params.find("_meta");
  if (meta && !meta.is(Kind::object)) return no(Reason::bad_envelope, "_meta is not an object");
  auto step = message.era == Era::modern ? Modern(message, head, meta.find(kVersionKey)).read() : read_legacy(message, head);
  if (!step) return step;
  // The modern ladder has read a request's name already: Mcp-Name is compared with it.
  if (message.target == Target::none) {
    if (auto named = read_name(message); !named) return named;
  }
  return check_arguments(message);
}

bool claims_modern(Value root) { return static_cast<bool>(root.find("params").find("_meta").find(kVersionKey)); }

bool is_initialize_or_modern(Value root) { return claims_modern(root) || root.find("method").equals("initialize"); }

/// One element of a batch. Errors: not_a_message, bad_envelope.
Outcome<void> read_element(Message& message, Value root, std::string_view revision) {
  if (is_initialize_or_modern(root))
    return no(Reason::not_a_message, "a batch with initialize, or an element of the modern era");
  auto envelope = read_envelope(root, false);
  if (!envelope) return no(Reason::not_a_message, std::move(envelope).error());
  fill(message, root, *std::move(envelope));
  message.revision = revision;
  if (message.shape == Shape::response) return {};
  const Value meta = message.params.find("_meta");
  if (meta && !meta.is(Kind::object)) return no(Reason::bad_envelope, "_meta is not an object");
  if (auto named = read_name(message); !named) return named;
  return check_arguments(message);
}

Outcome<void> check_batch_head(const Head& head) {
  const std::string_view stated = head.find(kVersionHeader);
  if (head.count(kVersionHeader) == 0 || stated == kBatching) return {};
  if (speaks(stated) || is_modern(stated)) return no(Reason::not_a_message, "an array under a revision without batches");
  return no(Reason::version_unsupported, "MCP-Protocol-Version names no revision that the gateway speaks");
}

Outcome<void> check_together(const std::vector<Message>& messages) {
  const auto responses =
      std::count_if(messages.begin(), messages.end(), [](const Message& each) { return each.shape == Shape::response; });
  if (responses != 0 && static_cast<std::size_t>(responses) != messages.size())
    return no(Reason::not_a_message, "a batch of requests and responses");
  std::set<std::string> ids;
  for (const Message& each : messages) {
    if (!each.id) continue;
    const bool is_text = each.id.is(Kind::string);
    if (!ids.insert(is_text ? "s" + each.id.string() : std::to_string(*each.id.integer())).second) {
      return no(Reason::not_a_message, "an id twice in one batch");
    }
  }
  return {};
}

}  // namespace

Outcome<json::Document, Unread> parse_body(std::string body, const json::Limits& limits) {
  auto document = json::Document::parse(std::move(body), limits);
  if (document) return *std::move(document);
  const json::Error& error = document.error();
  return Unread{no(Reason::not_json, std::string(json::name(error.fault)) + " at byte " + std::to_string(error.offset)),
                {},
                {},
                Era::legacy};
}

bool is_batch(const json::Document& document) { return document.root().is(Kind::array); }

Outcome<Message, Unread> read_message(const json::Document& document, const Head& head) {
  const Value root = document.root();
  Message message;
  message.era = claims_modern(root) || is_modern(head.find(kVersionHeader)) ? Era::modern : Era::legacy;
  auto read = read_single(message, root, head);
  if (read) return message;
  const bool version = read.error().reason == Reason::version_unsupported;
  return Unread{std::move(read).error(), std::string(read_id(root).raw()), version ? message.revision : std::string(),
                message.era};
}

Outcome<std::vector<Message>, Unread> read_batch(const json::Document& document, const Head& head, unsigned max) {
  const std::string_view stated = head.find(kVersionHeader);
  const auto unread = [&](Violation violation) {
    const bool version = violation.reason == Reason::version_unsupported;
    return Unread{std::move(violation), {}, version ? std::string(stated) : std::string(), Era::legacy};
  };
  const Value root = document.root();
  if (!root.is(Kind::array)) return unread(no(Reason::not_a_message, "not an array"));
  if (auto checked = check_batch_head(head); !checked) return unread(std::move(checked).error());
  if (root.size() == 0 || root.size() > max) return unread(no(Reason::not_a_message, "an empty batch, or one above the limit"));
  std::vector<Message> messages;
  for (const Value element : root.elements()) {
    if (auto read = read_element(messages.emplace_back(), element, stated); !read) return unread(std::move(read).error());
  }
  if (auto checked = check_together(messages); !checked) return unread(std::move(checked).error());
  return messages;
}

bool same_id(Value a, Value b) {
  const bool alike = a.is(Kind::string) || a.integer();
  if (alike && a.raw() == b.raw()) return true;
  if (a.is(Kind::string)) return b.is(Kind::string) && b.equals(a.string());
  return a.integer() && a.integer() == b.integer();
}

Outcome<std::vector<std::string>> subscribed_resources(const Message& message) {
  const Value wanted = message.params.find("notifications");
  const Value list = wanted.find("resourceSubscriptions");
  if ((wanted && !wanted.is(Kind::object)) || (list && !list.is(Kind::array))) {
    return no(Reason::bad_envelope, "notifications or resourceSubscriptions of the wrong type");
  }
  std::vector<std::string> uris;
  for (const Value uri : list.elements()) {
    uris.push_back(uri.string());
    if (uris.back().empty() || !is_name(uris.back()))
      return no(Reason::bad_envelope, "a resource URI that is empty, unprintable or not a string");
  }
  return uris;
}

std::optional<std::string> decode_header(std::string_view value) {
  constexpr std::string_view prefix = "=?base64?";
  constexpr std::string_view suffix = "?=";
  const bool visible = std::all_of(value.begin(), value.end(), [](char c) { return c == '\t' || (c >= 0x20 && c < 0x7F); });
  if (!visible) return std::nullopt;
  if (!value.starts_with(prefix) || !value.ends_with(suffix)) return std::string(value);
  if (value.size() < prefix.size() + suffix.size()) return std::nullopt;  // one `?` cannot end both
  auto bytes = crypto::from_base64(value.substr(prefix.size(), value.size() - prefix.size() - suffix.size()));
  if (!bytes || !json::valid_utf8(*bytes)) return std::nullopt;
  return bytes;
}

}  // namespace durward::gateway
