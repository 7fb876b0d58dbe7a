#include "policy/rules/review.hpp"

#include <algorithm>

#include "policy/schema/number.hpp"

namespace durward::policy::rules {
namespace {

using config::Ask;

/// More pairs of rules than this are not compared.
constexpr std::size_t kMostPairs = 4'000'000;

const config::Predicate* find(const config::ArgumentCondition& condition, Ask ask) {
  const auto found = std::find_if(condition.predicates.begin(), condition.predicates.end(),
                                  [ask](const config::Predicate& one) { return one.ask == ask; });
  return found == condition.predicates.end() ? nullptr : &*found;
}

std::optional<schema::Number> number_of(const config::Predicate* predicate) {
  if (predicate == nullptr || predicate->operands.front().value.kind != config::Scalar::Kind::number) return std::nullopt;
  return schema::Number::read(predicate->operands.front().value.text);
}

void check_range(const config::ArgumentCondition& condition, Diagnostics& diagnostics) {
  for (const Ask low : {Ask::gt, Ask::ge}) {
    for (const Ask high : {Ask::lt, Ask::le}) {
      const config::Predicate* above = find(condition, low);
      const config::Predicate* below = find(condition, high);
      const auto least = number_of(above);
      const auto most = number_of(below);
      if (!least || !most) continue;
      const int order = least->compare(*most);
      if (order < 0 || (order == 0 && low == Ask::ge && high == Ask::le)) continue;
      error(diagnostics, below->operands.front().where,
            "no number is both `" + std::string(config::name(low)) + ": " + above->operands.front().value.text + "` and `" +
                std::string(config::name(high)) + ": " + below->operands.front().value.text + "`");
    }
  }
}

/// Whether every principal that passes narrow passes wide.
bool covers(const std::vector<Asked>& wide, const std::vector<Asked>& narrow) {
  return std::all_of(wide.begin(), wide.end(), [&](const Asked& one) {
    const auto same = std::find_if(narrow.begin(), narrow.end(), [&](const Asked& other) {
      return other.quality == one.quality && other.claim == one.claim;
    });
    return same != narrow.end() && std::all_of(same->values.begin(), same->values.end(), [&](const std::string& value) {
             return std::find(one.values.begin(), one.values.end(), value) != one.values.end();
           });
  });
}

bool covers(const std::vector<Pattern>& wide, const std::vector<Pattern>& narrow) {
  if (wide.empty()) return true;
  return !narrow.empty() && std::all_of(narrow.begin(), narrow.end(), [&](const Pattern& one) {
    return std::any_of(wide.begin(), wide.end(), [&](const Pattern& other) { return other.covers(one); });
  });
}

/// Whether wide, which asks neither arguments nor time, matches wherever narrow does, and is at least as strict.
bool overrides(const CompiledRule& wide, const CompiledRule& narrow) {
  if (wide.asks_arguments || wide.time || !wide.enforced() || narrow.allows() || wide.allows()) return false;
  const bool kinds = wide.kinds == 0 || (narrow.kinds != 0 && (narrow.kinds & ~wide.kinds) == 0);
  return wide.effect >= narrow.effect && kinds && covers(wide.tools, narrow.tools) && covers(wide.principal, narrow.principal);
}

bool conditional(const CompiledRule& rule) { return rule.asks_arguments || rule.time.has_value(); }

void review_pairs(const std::vector<const config::Rule*>& written, const std::vector<CompiledRule>& rules,
                  Diagnostics& diagnostics) {
  if (rules.size() * rules.size() > kMostPairs) return;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (std::size_t j = 0; j < rules.size(); ++j) {
      if (i == j || conditional(rules[j]) || !overrides(rules[j], rules[i])) continue;
      if (overrides(rules[i], rules[j]) && i < j) continue;  // of two that are the same the first one stays
      warning(
          diagnostics, written[i]->id.where,
          "rule `" + rules[i].id + "` changes nothing: `" + rules[j].id + "` decides at least as strictly whatever it matches");
      break;
    }
  }
}

/// A rule about one tool that the lists of the policy never let through.
void review_lists(const config::PolicySettings& policy, const config::Rule& rule, const CompiledRule& compiled,
                  Diagnostics& diagnostics) {
  const bool literal =
      !compiled.tools.empty() && std::all_of(compiled.tools.begin(), compiled.tools.end(),
                                             [](const Pattern& one) { return one.names(one.server(), one.tool()); });
  if (!literal) return;
  const bool allowed = std::any_of(compiled.tools.begin(), compiled.tools.end(), [&](const Pattern& tool) {
    return std::any_of(policy.allowlist.begin(), policy.allowlist.end(), [&](const auto& entry) {
      const auto pattern = Pattern::parse(entry.value);
      return pattern && pattern->may_match(tool.server(), tool.tool(), {});
    });
  });
  if (allowed) return;
  warning(diagnostics, rule.id.where, "rule `" + compiled.id + "` is never reached: no entry of the allowlist names its tools");
}

}  // namespace

void check_possible(const config::ArgumentCondition& condition, Diagnostics& diagnostics) {
  check_range(condition, diagnostics);
  const config::Predicate* exists = find(condition, Ask::exists);
  const bool absent = exists != nullptr && exists->operands.front().value.text == "false";
  if (absent && condition.predicates.size() > 1) {
    error(diagnostics, exists->operands.front().where, "`exists: false` leaves nothing that another predicate could hold of");
  }
}

void review(const config::PolicySettings& policy, const std::vector<CompiledRule>& rules, Diagnostics& diagnostics) {
  std::vector<const config::Rule*> written;
  for (const config::Rule& rule : policy.rules) {
    if (rule.mode != config::RuleMode::off) written.push_back(&rule);
  }
  review_pairs(written, rules, diagnostics);
  for (std::size_t i = 0; i < rules.size(); ++i) review_lists(policy, *written[i], rules[i], diagnostics);
}

}  // namespace durward::policy::rules
