#include <set>
#include <stdexcept>

#include "policy/canonical.hpp"
#include "policy/compile.hpp"
#include "policy/digest.hpp"
#include "policy/digest_text.hpp"

namespace durward::policy {
namespace {

std::string codes_of(const config::Patterns& entries) {
  std::set<std::string_view> names;
  for (const auto& entry : entries) {
    for (const Code code : listed_codes(entry.value)) names.insert(info(code).name);
  }
  return array(names);
}

std::string kinds_of(const config::Server& server) {
  std::string text = "[";
  for (const config::ToolSetting& tool : server.tools) {
    unsigned kinds = 0;
    for (const config::ToolKind kind : tool.kinds) kinds |= static_cast<unsigned>(kind);
    if (text.size() > 1) text += ',';
    text += "[" + json::quote(tool.pattern.value) + "," +
            std::to_string(kinds == 0 ? static_cast<unsigned>(config::ToolKind::mutate) : kinds) + "]";
  }
  return text + "]";
}

std::string server_of(const config::Server& server, const config::PolicyServer* entry) {
  Object out;
  out.add("kinds", kinds_of(server));
  if (server.version) out.add("version", json::quote(server.version->value));
  if (entry == nullptr) return out.done();
  if (entry->methods) out.add("methods", set_of(*entry->methods));
  if (entry->prompts) out.add("prompts", set_of(*entry->prompts));
  if (entry->resources) out.add("resources", set_of(*entry->resources));
  return out.done();
}

}  // namespace

std::string digest_of(const config::PolicySettings& policy, const Servers& servers, const std::string& permissions) {
  Object all;
  for (const auto& [name, server] : servers) {
    const auto entry = policy.servers.find(name);
    all.add(name, server_of(server, entry == policy.servers.end() ? nullptr : &entry->second));
  }
  Object book;
  book.add("format", "1").add("servers", all.done());
  book.add("tenant", json::quote(policy.tenant)).add("retention", json::quote(policy.default_retention));
  book.add("mode", policy.mode == config::Mode::observe ? "\"observe\"" : "\"enforce\"");
  book.add("allowlist", set_of(policy.allowlist)).add("denylist", set_of(policy.denylist));
  if (policy.deny_on) book.add("deny_on", codes_of(*policy.deny_on));
  if (policy.escalate_on) book.add("escalate_on", codes_of(*policy.escalate_on));
  if (policy.deny_if_unpinned_version) book.add("deny_if_unpinned_version", "true");
  if (!policy.allow_versions.empty()) {
    Object versions;
    for (const auto& [server, list] : policy.allow_versions) versions.add(server, set_of(list));
    book.add("allow_versions", versions.done());
  }
  if (policy.entitlements) book.add("entitlements", digest_text(*policy.entitlements));
  if (!policy.rules.empty()) book.add("rules", digest_text(policy.rules));
  if (policy.max_payload_kb) book.add("max_payload_kb", std::to_string(*policy.max_payload_kb));
  if (policy.max_duration_ms) book.add("max_duration_ms", std::to_string(*policy.max_duration_ms));
  if (policy.permissions) book.add("permissions", permissions);
  const auto document = json::Document::parse(book.done());
  if (!document) throw std::logic_error("the rulebook's own JSON does not parse");
  const auto canonical = json::jcs(document->root());
  if (!canonical) throw std::logic_error("the rulebook's own JSON has no canonical form");
  return "sha256:" + crypto::hex(crypto::view(crypto::sha256(*canonical)));
}

}  // namespace durward::policy
