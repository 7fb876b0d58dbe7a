#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/diagnostic.hpp"

/// policy.yaml, the security team's file, as plain data. Patterns and codes keep their positions: `policy/rulebook` compiles
/// them.
namespace durward::config {

enum class Mode : std::uint8_t { enforce, observe };

using Patterns = std::vector<Located<std::string>>;

/// What is not a tool, per server. An absent list allows everything of a server of which the principal may name at
/// least one tool (or which has none); an empty one allows nothing.
struct PolicyServer {
  Position where;
  std::optional<Patterns> methods;
  std::optional<Patterns> prompts;
  std::optional<Patterns> resources;
};

struct PolicySettings {
  std::string file;
  std::string tenant;             // of principals whose authentication carries none
  std::string default_retention;  // a label in every record
  Patterns allowlist;             // mcp://server/tool@version patterns; empty: no tool
  Patterns denylist;
  std::map<std::string, PolicyServer> servers;
  Mode mode = Mode::enforce;
  std::optional<Patterns> deny_on;  // codes; absent: every listed code denies; empty: none does
  std::optional<Patterns> escalate_on;
};

}  // namespace durward::config
