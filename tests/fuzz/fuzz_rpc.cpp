#include <cstdint>
#include <cstdlib>
#include <string>

#include "gateway/lists.hpp"
#include "gateway/message.hpp"
#include "gateway/splice.hpp"

// Any body, under headers that its first byte chooses: nothing may crash, and what is changed must stay JSON.
namespace {

using namespace durward;
using namespace durward::gateway;

void must(bool holds) {
  if (!holds) std::abort();
}

void up(const json::Document& document, const Head& head) {
  if (is_batch(document)) {
    auto messages = read_batch(document, head, 32);
    must(!messages || (!messages->empty() && messages->size() <= 32));
    return;
  }
  auto message = read_message(document, head);
  if (!message) return;
  must((message->shape == Shape::response) == message->method.empty());
  must((message->target == policy::Target::none) == message->name.empty());
  const std::string spliced =
      apply(document.text(), meta_edits(*message, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  must(static_cast<bool>(json::Document::parse(spliced)));
  static_cast<void>(subscribed_resources(*message));
}

void down(const json::Document& document) {
  auto messages = read_incoming_batch(document.root(), 32);
  if (!messages) return;
  for (const Incoming& message : *messages) {
    if (!message.result) continue;
    auto filtered = filter_lists(message.result,
                                 [](policy::Target, std::string_view name, std::string_view) { return name.size() % 2 == 0; });
    if (!filtered) continue;
    auto again = json::Document::parse(apply(document.text(), filtered->edits));
    must(static_cast<bool>(again));
    if (auto edit = cut_versions(message.result))
      must(static_cast<bool>(json::Document::parse(apply(document.text(), {*edit}))));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Head head{"POST", "/", {}};
  if ((data[0] & 1U) != 0) head.fields.push_back({"MCP-Protocol-Version", (data[0] & 2U) != 0 ? "2026-07-28" : "2025-03-26"});
  if ((data[0] & 4U) != 0) head.fields.push_back({"Mcp-Method", "tools/call"});
  if ((data[0] & 8U) != 0) head.fields.push_back({"Mcp-Name", "=?base64?dA==?="});
  auto document = parse_body(std::string(reinterpret_cast<const char*>(data) + 1, size - 1), {});
  if (!document) return 0;
  up(*document, head);
  down(*document);
  return 0;
}
