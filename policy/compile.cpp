#include "policy/compile.hpp"

#include <algorithm>

#include "policy/entitlements.hpp"
#include "policy/permissions/permissions.hpp"
#include "policy/rules/rules.hpp"

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

namespace {

void check_server(const std::string& name, const config::Position& where, const Servers& servers, Diagnostics& found) {
  if (servers.contains(name)) return;
  error(found, where, "no server `" + name + "` is configured" + suggestion(name, names_of(servers)));
}

void compile_versions(const config::PolicySettings& policy, const Servers& servers, Rulebook::Tables& tables,
                      Diagnostics& found) {
  for (const auto& [name, versions] : policy.allow_versions) {
    check_server(name, policy.allow_versions_where.at(name), servers, found);
    const auto table = tables.servers.find(name);
    if (table == tables.servers.end()) continue;
    table->second.versions.emplace();
    for (const auto& version : versions) table->second.versions->push_back(version.value);
  }
}

}  // namespace

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
  for (const auto& [name, entry] : policy.servers) check_server(name, entry.where, servers, found);
  compile_versions(policy, servers, *tables, found);
  if (policy.entitlements) tables->entitlements = Entitlements::compile(*policy.entitlements, servers, found);
  tables->rules = rules::Table::compile(policy, servers, found);
  tables->tools_pass = tools_pass;
  tables->deny_unpinned = policy.deny_if_unpinned_version;
  tables->max_payload_kb = policy.max_payload_kb;
  tables->permissions = permissions::Permissions::compile(policy, servers, found);
  const bool failed = config::has_errors(found);
  diagnostics.insert(diagnostics.end(), found.begin(), found.end());
  if (failed) return nullptr;
  const std::shared_ptr<Rulebook> rulebook(new Rulebook);
  rulebook->tenant_ = policy.tenant;
  rulebook->retention_ = policy.default_retention;
  rulebook->mode_ = policy.mode;
  rulebook->max_duration_ms_ = policy.max_duration_ms;
  rulebook->digest_ = digest_of(policy, servers, tables->permissions->canonical());
  rulebook->tables_ = std::move(tables);
  return rulebook;
}

}  // namespace durward::policy
