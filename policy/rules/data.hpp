#pragma once
#include <functional>
#include <span>

#include "policy/rules/candidates.hpp"
#include "policy/rules/rules.hpp"

/// What a rules::Table is made of. compile.cpp writes it; rules.cpp and explain.cpp read it.
namespace durward::policy::rules {

/// A predicate about what a pointer leads to: both by their places in the table.
struct Condition {
  std::uint32_t pointer;
  std::uint32_t predicate;
};

/// A window of the week on a clock of its own.
struct Window {
  std::uint8_t days = 0x7f;  // bit 0 is Monday
  int from = 0;              // minutes of the day
  int to = 24 * 60;          // not in it; below from: on the next day, which counts as the day it began
  int offset = 0;            // minutes east of UTC
  bool holds(std::int64_t now) const;
};

enum class Quality : std::uint8_t { tenant, agent, user, group, role, scope, claim };

/// One list of a rule's `principal`.
struct Asked {
  Quality quality;
  std::string claim;  // of Quality::claim
  std::vector<std::string> values;
};

/// Every value that a principal has of a quality.
std::vector<std::string_view> values_of(const Principal& principal, Quality quality, std::string_view claim);

struct CompiledRule {
  std::string id, reason;
  config::RuleEffect effect;
  config::RuleMode mode;
  std::vector<Pattern> tools;  // empty: every tool
  bool versioned = false;      // one of them names a version
  std::uint8_t kinds = 0;      // 0: any
  std::vector<Asked> principal;
  std::optional<Window> time;
  bool asks_arguments = false;
  bool allows() const { return effect == config::RuleEffect::allow; }
  bool enforced() const { return mode == config::RuleMode::enforce; }
  /// What allows needs a version that is known; what denies is not slipped past by one that is not.
  bool matches_tool(const ToolRef& tool) const;
  bool names_tool(const ToolRef& tool) const;
  bool matches_kind(std::uint8_t of_tool) const { return kinds == 0 || (kinds & of_tool) != 0; }
};

/// What is asked of a rule before anything else: small, so that a walk over many rules reads few cache lines.
struct Brief {
  std::uint32_t first = 0, count = 0;  // of its conditions
  std::uint8_t kinds = 0;              // 0: any
  bool versioned = false, timed = false;
};

struct PrincipalIndex {
  Quality quality;
  std::string claim;
  Dimension dimension;
};

struct Table::Data {
  std::vector<CompiledRule> rules;  // without those that are off
  std::vector<Brief> briefs;        // of the same rules
  Bits allowing;                    // those that allow
  std::vector<Condition> conditions;
  std::vector<Predicate> predicates;
  std::vector<Pointer> pointers;  // each once
  std::map<std::string, ToolIndex, std::less<>> servers;
  std::vector<PrincipalIndex> principals;
  std::vector<std::pair<std::uint32_t, TextIndex>> texts;  // by pointer
  std::vector<std::string> claims;
  std::span<const Condition> conditions_of(std::size_t rule) const {
    return std::span(conditions).subspan(briefs[rule].first, briefs[rule].count);
  }
};

/// What one rule makes of an input.
Told tell(std::size_t rule, const Table::Data& data, const Input& input);

}  // namespace durward::policy::rules
