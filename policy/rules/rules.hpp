#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/policy_settings.hpp"
#include "policy/compile.hpp"
#include "policy/decision.hpp"
#include "policy/principal.hpp"
#include "policy/rules/predicate.hpp"

namespace durward::policy::rules {

inline constexpr std::size_t kMostRules = 16'384;

/// The verified agent: id of an API key, client id, or the name in a client certificate; empty: none.
std::string_view agent_of(const Principal& principal);

/// Everything that rules read: the recorded inputs of a decision.
struct Input {
  const Principal& principal;
  const ToolRef& tool;
  std::uint8_t kinds = 0;  // config::ToolKind bits
  json::Value arguments;   // params.arguments, or absent
  std::int64_t now = 0;    // Unix seconds
};

/// One finding of rules, before the mode of the policy is applied.
struct Raised {
  Code code = Code::rule;
  std::string at;    // JSON pointer into the message, or empty
  std::string rule;  // its id
  Effect effect = Effect::deny;
};

struct Verdicts {
  std::vector<Raised> findings;
  std::vector<std::string> matched;  // ids, in the file's order
  std::string failed;                // of `no_allow_rule`: the first condition that the first such rule missed
  std::string reason;                // of the strictest finding's rule, or empty
  std::vector<ArgumentFact> read;
  bool timed = false;  // a rule looked at the clock
};

/// What one rule makes of an input, condition by condition.
struct Told {
  std::string rule;
  config::RuleEffect effect = config::RuleEffect::deny;
  config::RuleMode mode = config::RuleMode::enforce;
  struct Condition {
    std::string what;  // "tool", "principal.groups", "kind", "time", "/amount gt"
    Truth truth;
  };
  std::vector<Condition> conditions;
  Truth truth = Truth::yes;  // all of them
};

/// The rules of a policy, compiled into an immutable table: (server, tool) → candidates ∧ bits of the principal → predicates.
class Table {
 public:
  static std::unique_ptr<const Table> compile(const config::PolicySettings& policy, const Servers& servers,
                                              Diagnostics& diagnostics);
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  ~Table();

  bool empty() const;
  /// Pure. What it says does not depend on the order of the rules, but for the order of findings and ids.
  Verdicts judge(const Input& input) const;
  /// The same, told rule by rule, without the table's shortcuts.
  std::vector<Told> explain(const Input& input) const;
  /// Whether any rule asks who calls.
  bool asks_principal() const;
  /// Names of claims that rules ask for.
  const std::vector<std::string>& claims() const;

  struct Data;  // private, but named so that the free functions of this folder can read it

 private:
  explicit Table(std::unique_ptr<const Data> data);
  std::unique_ptr<const Data> data_;
};

}  // namespace durward::policy::rules
