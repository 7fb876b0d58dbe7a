#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/diagnostic.hpp"

/// `rules` of policy.yaml as plain data; `policy/compile_rules` says what is wrong with them and what they mean.
namespace durward::config {

/// A value as YAML writes it without a type of its own: text, a number as JSON writes it, true or false.
struct Scalar {
  enum class Kind : std::uint8_t { text, number, boolean };
  Kind kind = Kind::text;
  std::string text;  // of a number: its token; of a boolean: "true" or "false"
};

/// What can be asked of one argument. In the order of kPredicates (describe_rules.cpp).
enum class Ask : std::uint8_t {
  exists,
  type,
  eq,
  in,
  prefix,
  suffix,
  glob,
  regex,
  gt,
  ge,
  lt,
  le,
  size_gt,
  url_host,
  cidr,
  path_under,
  sql,
  shell,
};
inline constexpr std::size_t kAsks = static_cast<std::size_t>(Ask::shell) + 1;

std::string_view name(Ask ask) noexcept;

struct Predicate {
  Ask ask = Ask::exists;
  std::vector<Located<Scalar>> operands;  // any of them may hold; at least one
};

/// Predicates over the value at one place; all must hold.
struct ArgumentCondition {
  Position where;
  Located<std::string> at;  // JSON Pointer into the arguments
  std::vector<Predicate> predicates;
};

using Names = std::vector<Located<std::string>>;

/// Who calls. An absent list holds for everyone, of a written one any entry.
struct PrincipalCondition {
  std::optional<Names> tenants, agents, users, groups, roles, scopes;
  std::map<std::string, Names> claims;
};

struct TimeCondition {
  Position where;
  std::vector<int> days;                      // 0 is Monday; empty: every day
  std::optional<Located<std::string>> hours;  // "08:00-18:00": from, inclusive, to, exclusive; may pass midnight
  std::string offset = "+00:00";              // of the clock that both are read on
};

enum class RuleEffect : std::uint8_t { allow, redact, escalate, deny };
enum class RuleMode : std::uint8_t { enforce, shadow, off };

struct Rule {
  Position where;
  Located<std::string> id;
  PrincipalCondition principal;
  std::optional<Names> tools;  // mcp:// patterns; absent: every tool
  std::vector<int> kinds;      // ToolKind; any of them; empty: every kind
  std::vector<ArgumentCondition> arguments;
  std::optional<TimeCondition> time;
  Located<RuleEffect> effect{RuleEffect::deny, {}};
  RuleMode mode = RuleMode::enforce;
  std::string reason;  // for whoever is refused; empty: none
};

}  // namespace durward::config
