#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/policy_settings.hpp"
#include "config/settings.hpp"
#include "policy/tables.hpp"

/// The steps of Rulebook::compile. Each appends what is wrong, with its position, and goes on with the rest.
namespace durward::policy {

using Servers = std::map<std::string, config::Server>;
using Diagnostics = std::vector<config::Diagnostic>;

void error(Diagnostics& diagnostics, const config::Position& where, std::string message);
void warning(Diagnostics& diagnostics, const config::Position& where, std::string message);
/// `; did you mean "x"?`, or nothing if no candidate is near.
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates);
std::vector<std::string> names_of(const Servers& servers);

/// The effect of every code under deny_on, escalate_on and the mode.
std::array<Effect, kCodes> compile_effects(const config::PolicySettings& policy, Diagnostics& diagnostics);

struct ToolPatterns {
  std::vector<Pattern> allow, deny;
};
/// The patterns of one list; what matches no configured server is warned of.
std::vector<Pattern> compile_list(const config::Patterns& entries, const Servers& servers, Diagnostics& diagnostics);
ToolPatterns compile_patterns(const config::PolicySettings& policy, const Servers& servers, Diagnostics& diagnostics);

/// The table of one server. entry: what the policy writes of it; null if nothing. tools_pass: whether a tool outside the lists
/// is let through (observe, or a deny_on without tool_not_in_allowlist).
ServerTable compile_server(const std::string& name, const config::Server& server, const config::PolicyServer* entry,
                           const ToolPatterns& tools, bool tools_pass, Diagnostics& diagnostics);
/// Fills `methods`, once the table stands where it stays.
void allow_methods(ServerTable& table, bool list_written);

/// "sha256:<64 hex>" over the RFC 8785 form of all that compile read, without order where order has no meaning.
/// permissions: the JSON text of what was compiled of them.
std::string digest_of(const config::PolicySettings& policy, const Servers& servers, const std::string& permissions);

}  // namespace durward::policy
