#include "policy/compile.hpp"

#include <algorithm>

namespace durward::policy {

void error(Diagnostics& diagnostics, const config::Position& where, std::string message) {
  diagnostics.push_back({config::Severity::error, where, std::move(message)});
}

void warning(Diagnostics& diagnostics, const config::Position& where, std::string message) {
  diagnostics.push_back({config::Severity::warning, where, std::move(message)});
}

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string near = config::nearest(word, candidates);
  return near.empty() ? std::string() : "; did you mean `" + near + "`?";
}

std::vector<std::string> names_of(const Servers& servers) {
  std::vector<std::string> names;
  names.reserve(servers.size());
  for (const auto& [name, server] : servers) names.push_back(name);
  return names;
}

std::shared_ptr<const Rulebook> Rulebook::compile(const config::PolicySettings& policy, const Servers& servers,
                                                  Diagnostics& diagnostics) {
  Diagnostics found;
  auto tables = std::make_unique<Tables>();
  tables->effects = compile_effects(policy, found);
  const ToolPatterns tools = compile_patterns(policy, servers, found);
  const bool tools_pass = tables->effects[static_cast<std::size_t>(Code::tool_not_in_allowlist)] != Effect::deny;
  for (const auto& [name, server] : servers) {
    const auto entry = policy.servers.find(name);
    const config::PolicyServer* written = entry == policy.servers.end() ? nullptr : &entry->second;
    ServerTable& table =
        tables->servers.emplace(name, compile_server(name, server, written, tools, tools_pass, found)).first->second;
    allow_methods(table, written != nullptr && written->methods.has_value());
  }
  for (const auto& [name, entry] : policy.servers) {
    if (servers.contains(name)) continue;
    error(found, entry.where, "no server `" + name + "` is configured" + suggestion(name, names_of(servers)));
  }
  const bool failed = config::has_errors(found);
  diagnostics.insert(diagnostics.end(), found.begin(), found.end());
  if (failed) return nullptr;
  const std::shared_ptr<Rulebook> rulebook(new Rulebook);
  rulebook->tenant_ = policy.tenant;
  rulebook->retention_ = policy.default_retention;
  rulebook->mode_ = policy.mode;
  rulebook->digest_ = digest_of(policy, servers);
  rulebook->tables_ = std::move(tables);
  return rulebook;
}

}  // namespace durward::policy
