#include <algorithm>

#include "policy/compile.hpp"
#include "policy/resource.hpp"

namespace durward::policy {
namespace {

constexpr auto kMutate = static_cast<std::uint8_t>(config::ToolKind::mutate);

PatternList list_for(const std::string& server, const std::vector<Pattern>& patterns) {
  PatternList list;
  for (const Pattern& one : patterns) {
    if (!one.may_match_server(server)) continue;
    if (one.literal_tool()) {
      list.by_tool[one.tool()].push_back(one);
    } else {
      list.globs.push_back(one);
    }
  }
  return list;
}

/// Whether configuration leaves any tool of the server to be named.
bool nameable_tools(const std::string& server, const ToolPatterns& tools) {
  const auto allows = [&server](const Pattern& one) { return one.may_match_server(server); };
  const auto denies = [&server](const Pattern& one) { return one.covers_server(server); };
  return std::any_of(tools.allow.begin(), tools.allow.end(), allows) &&
         std::none_of(tools.deny.begin(), tools.deny.end(), denies);
}

std::vector<KindRule> kinds_of(const config::Server& server, Diagnostics& diagnostics) {
  std::vector<KindRule> rules;
  for (const config::ToolSetting& tool : server.tools) {
    const std::string& pattern = tool.pattern.value;
    const auto over = std::find_if(rules.begin(), rules.end(), [&](const KindRule& one) { return glob(one.pattern, pattern); });
    if (over != rules.end()) {
      warning(diagnostics, tool.pattern.where, "`" + pattern + "` is never reached: `" + over->pattern + "` stands before it");
    }
    std::uint8_t kinds = 0;
    for (const config::ToolKind kind : tool.kinds) kinds = static_cast<std::uint8_t>(kinds | static_cast<std::uint8_t>(kind));
    rules.push_back({pattern, kinds == 0 ? kMutate : kinds});
  }
  return rules;
}

std::vector<std::string> globs_of(const config::Patterns& entries, Diagnostics& diagnostics) {
  std::vector<std::string> globs;
  for (const auto& entry : entries) {
    if (entry.value.empty()) error(diagnostics, entry.where, "a pattern is not empty; an empty list allows nothing");
    globs.push_back(entry.value);
  }
  return globs;
}

void check_method(const config::Located<std::string>& entry, Diagnostics& diagnostics) {
  const bool known =
      std::any_of(kMethods.begin(), kMethods.end(), [&](const Method& one) { return glob(entry.value, one.name); });
  if (known) return;
  if (entry.value.find('*') != std::string::npos) {
    return warning(diagnostics, entry.where, "`" + entry.value + "` matches no method that a client may send");
  }
  std::vector<std::string> candidates;
  candidates.reserve(kMethods.size());
  for (const Method& one : kMethods) candidates.emplace_back(one.name);
  error(diagnostics, entry.where,
        "`" + entry.value + "` is no method that a client may send" + suggestion(entry.value, candidates));
}

void check_resource(const config::Located<std::string>& entry, Diagnostics& diagnostics) {
  if (!uri_pattern_fits(entry.value)) {
    const std::string most = std::to_string(kLongestStarredPart);
    return error(diagnostics, entry.where,
                 "a resource pattern has at most " + most + " characters from its first `*` to its last");
  }
  if (!entry.value.empty() && !comparable_uri(entry.value)) {
    warning(diagnostics, entry.where, "`" + entry.value + "` matches nothing: URIs with such characters are refused");
  }
}

/// Whether a server without a list of methods may be asked this: everything where a tool may be named; elsewhere what the
/// tool lists decide anyway, and what a written list of prompts or resources is there for.
bool open_method(const ServerTable& table, Subject about, bool nameable) {
  const bool prompts = table.prompts && !table.prompts->empty();
  const bool resources = table.resources && !table.resources->empty();
  switch (about) {
    case Subject::plumbing:
    case Subject::tools:
      return true;
    case Subject::prompts:
      return nameable || prompts;
    case Subject::resources:
      return nameable || resources;
    case Subject::completion:
      return nameable || prompts || resources;
    case Subject::other:
      return nameable;
  }
  return false;
}

}  // namespace

ServerTable compile_server(const std::string& name, const config::Server& server, const config::PolicyServer* entry,
                           const ToolPatterns& tools, bool tools_pass, Diagnostics& diagnostics) {
  ServerTable table;
  if (server.version) table.version = server.version->value;
  table.allow = list_for(name, tools.allow);
  table.deny = list_for(name, tools.deny);
  table.nameable = tools_pass || nameable_tools(name, tools);
  table.kinds = kinds_of(server, diagnostics);
  if (entry == nullptr) return table;
  if (entry->prompts) table.prompts = globs_of(*entry->prompts, diagnostics);
  if (entry->resources) {
    table.resources = globs_of(*entry->resources, diagnostics);
    for (const auto& resource : *entry->resources) check_resource(resource, diagnostics);
  }
  if (entry->methods) {
    table.method_patterns = globs_of(*entry->methods, diagnostics);
    for (const auto& method : *entry->methods) check_method(method, diagnostics);
  }
  return table;
}

void allow_methods(ServerTable& table, bool list_written) {
  static const std::string unwritten;
  for (std::size_t i = 0; i < kMethods.size(); ++i) {
    if (!list_written) {
      table.methods[i] = open_method(table, kMethods[i].about, table.nameable) ? &unwritten : nullptr;
      table.without_tools[i] = open_method(table, kMethods[i].about, false) ? &unwritten : nullptr;
      continue;
    }
    const auto found = std::find_if(table.method_patterns.begin(), table.method_patterns.end(),
                                    [i](const std::string& one) { return glob(one, kMethods[i].name); });
    table.methods[i] = table.without_tools[i] = found == table.method_patterns.end() ? nullptr : &*found;
  }
}

}  // namespace durward::policy
