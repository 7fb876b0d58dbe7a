#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "gateway/lists.hpp"
#include "gateway/message.hpp"
#include "gateway/splice.hpp"
#include "policy/digest.hpp"
#include "tests/fuzz/fuzz.hpp"

// Any body, read as a request and as an answer. The first byte chooses headers, the first line is Mcp-Name, the rest the body.
// What is accepted says what its bytes say; what is spliced reads as before but for what was to change, and is then stable.
namespace {

using namespace durward;
using namespace durward::fuzz;
using namespace durward::gateway;
using json::Kind;
using json::Member;
using json::Value;

constexpr std::string_view kTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

/// No member that a peer who ignores case would take for one that decides.
void no_other_case(Value object, std::initializer_list<std::string_view> names) {
  for (const Member member : object.members()) {
    const std::string key = member.key.string();
    for (const std::string_view name : names) must(key == name || lower(key) != lower(std::string(name)));
  }
}

std::string named_in(const Message& message) {
  const Value ref = message.params.find("ref");
  if (message.method == "completion/complete") return ref.find(ref.find("type").equals("ref/prompt") ? "name" : "uri").string();
  return message.params.find(name_member(message.method)).string();
}

void says_what_it_says(const Message& message) {
  const Value root = message.root;
  must(root.find("jsonrpc").equals("2.0") && message.method == root.find("method").string());
  must(message.id.raw() == root.find("id").raw() && message.params.raw() == root.find("params").raw());
  must((message.shape == Shape::response) == message.method.empty());
  must(message.shape == Shape::response || (message.shape == Shape::request) == static_cast<bool>(message.id));
  must(!message.id || message.id.is(Kind::string) || message.id.integer());
  must((message.target == policy::Target::none) == message.name.empty());
  must(message.name.empty() || message.name == named_in(message));
  no_other_case(root, {"jsonrpc", "id", "method", "params", "result", "error"});
  if (message.shape == Shape::response) return;
  no_other_case(message.params, {"name", "uri", "arguments", "_meta", "ref", "task", "inputResponses"});
  no_other_case(message.params.find("_meta"), {kVersionKey, "traceparent", "progressToken"});
  const Value arguments = message.params.find("arguments");
  must(!arguments || arguments.is(Kind::object) || arguments.is(Kind::null));
}

void agrees_with(const Message& message, const Head& head) {
  const Value claim = message.params.find("_meta").find(kVersionKey);
  const std::string_view stated = head.find("mcp-protocol-version");
  if (message.era == Era::legacy) return must(!claim && !is_modern(stated));
  must(message.revision == kModern && (!claim || claim.equals(kModern)));
  if (message.shape != Shape::request) return;
  must(claim && stated == kModern && head.find("mcp-method") == message.method);
  if (mirrors_name(message.method)) must(decode_header(head.find("mcp-name")) == message.name);
}

/// Every member but `_meta` keeps its bytes, at any depth that matters.
void only_meta_changed(const Message& before, const Message& after) {
  must(before.method == after.method && before.name == after.name && before.target == after.target);
  must(before.id.raw() == after.id.raw() && before.era == after.era && before.shape == after.shape);
  must(before.params.size() == after.params.size());
  auto other = after.params.members().begin();
  for (const Member member : before.params.members()) {
    must(member.key.raw() == (*other).key.raw());
    must(member.key.equals("_meta") || member.value.raw() == (*other).value.raw());
    ++other;
  }
  for (const Member member : after.params.find("_meta").members()) {
    must(!member.key.string().starts_with("durward/"));
    const Value old = before.params.find("_meta").find(member.key.string());
    must(member.key.equals("traceparent") ? member.value.equals(kTrace) : member.value.raw() == old.raw());
  }
}

void up(const json::Document& document, const Head& head) {
  if (is_batch(document)) {
    const auto messages = read_batch(document, head, 32);
    if (!messages) return;
    must(!messages->empty() && messages->size() == document.root().size() && messages->size() <= 32);
    for (const Message& message : *messages) {
      says_what_it_says(message);
      must(message.era == Era::legacy && message.method != "initialize");
      must((message.shape == Shape::response) == (messages->front().shape == Shape::response));
      for (const Message& other : *messages) must(&message == &other || !message.id || !same_id(message.id, other.id));
    }
    return;
  }
  const auto message = read_message(document, head);
  if (!message) return;
  says_what_it_says(*message);
  agrees_with(*message, head);
  if (const auto uris = subscribed_resources(*message))
    must(uris->size() == message->params.find("notifications").find("resourceSubscriptions").size());
  const std::string spliced = apply(document.text(), meta_edits(*message, kTrace));
  const auto again = parse_body(spliced, {});
  must(static_cast<bool>(again));
  const auto reread = read_message(*again, head);
  must(static_cast<bool>(reread));
  only_meta_changed(*message, *reread);
  must(apply(spliced, meta_edits(*reread, kTrace)) == spliced);
}

bool shown(policy::Target, std::string_view name, std::string_view) { return name.size() % 2 == 0; }

void list(const json::Document& document, Value result, std::size_t index) {
  const auto filtered = filter_lists(result, shown);
  if (!filtered) return;
  must(!filtered->kinds.empty() || filtered->edits.empty());
  const auto again = json::Document::parse(apply(document.text(), filtered->edits));
  must(static_cast<bool>(again));
  const auto messages = read_incoming_batch(again->root(), 32);
  must(messages && messages->size() > index);
  const auto once_more = filter_lists((*messages)[index].result, shown);
  must(once_more && once_more->edits.empty() && once_more->hidden == 0 && once_more->kinds == filtered->kinds);
  std::vector<std::string> kept;
  std::vector<std::string> left;
  for (const Item& item : filtered->items)
    if (item.shown) kept.emplace_back(item.value.raw());
  for (const Item& item : once_more->items) left.emplace_back(item.value.raw());
  must(kept == left);
}

template <class Find>
void revisions(const json::Document& document, const std::optional<Edit>& edit, Find find) {
  if (!edit) return;
  const auto again = json::Document::parse(apply(document.text(), {*edit}));
  must(static_cast<bool>(again));
  for (const Value version : find(again->root()).elements()) must(speaks(version.string()));
}

void down(const json::Document& document) {
  const auto messages = read_incoming_batch(document.root(), 32);
  if (!messages) return;
  must(!messages->empty() && messages->size() <= 32);
  const bool array = document.root().is(Kind::array);
  for (std::size_t i = 0; i < messages->size(); ++i) {
    const Incoming& message = (*messages)[i];
    must(message.root.find("jsonrpc").equals("2.0") && message.method == message.root.find("method").string());
    must((message.kind == IncomingKind::result) == message.result.is(Kind::object));
    must((message.kind == IncomingKind::error) == message.error.is(Kind::object));
    must((message.kind == IncomingKind::request || message.kind == IncomingKind::notification) == !message.method.empty());
    must(message.kind != IncomingKind::request || message.id);
    must(!message.id || same_id(message.id, message.id));
    no_other_case(message.root, {"jsonrpc", "id", "method", "params", "result", "error"});
    if (message.result) {
      no_other_case(message.result, {"tools", "prompts", "resources", "resourceTemplates", "content", "supportedVersions"});
      list(document, message.result, i);
    }
    const auto here = [&](Value root) { return array ? root.at(i) : root; };
    revisions(document, cut_versions(message.result),
              [&](Value root) { return here(root).find("result").find("supportedVersions"); });
    revisions(document, cut_supported(message.error),
              [&](Value root) { return here(root).find("error").find("data").find("supported"); });
  }
}

void header(std::string_view value) {
  const auto decoded = decode_header(value);
  if (!decoded) return;
  const std::string encoded = "=?base64?" + crypto::base64(*decoded) + "?=";
  must(decode_header(encoded) == decoded);
  must(*decoded == value || encoded == value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::array<std::string_view, 4> kVersions{kModern, "2025-03-26", "2025-11-25", "2099-01-01"};
  constexpr std::array<std::string_view, 4> kMethods{"tools/call", "tools/list", "resources/read", "prompts/get"};
  std::string_view text = text_of(data + 1, size - 1);
  const std::string_view name = take_line(text);
  Head head{"POST", "/", {}};
  if ((data[0] & 1U) != 0) head.fields.push_back({"MCP-Protocol-Version", kVersions[(data[0] >> 1U) % 4]});
  if ((data[0] & 8U) != 0) head.fields.push_back({"Mcp-Method", kMethods[(data[0] >> 4U) % 4]});
  if ((data[0] & 64U) != 0) head.fields.push_back({"Mcp-Name", name});
  header(name);
  const auto document = parse_body(std::string(text), {});
  if (!document) return 0;
  up(*document, head);
  down(*document);
  return 0;
}
