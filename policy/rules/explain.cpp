#include <algorithm>

#include "policy/rules/data.hpp"

namespace durward::policy::rules {
namespace {

Truth truth(bool holds) { return holds ? Truth::yes : Truth::no; }

std::string word(const Asked& asked) {
  switch (asked.quality) {
    case Quality::tenant:
      return "principal.tenant";
    case Quality::agent:
      return "principal.agent";
    case Quality::user:
      return "principal.users";
    case Quality::group:
      return "principal.groups";
    case Quality::role:
      return "principal.roles";
    case Quality::scope:
      return "principal.scopes";
    case Quality::claim:
      break;
  }
  return "principal.claims." + asked.claim;
}

bool has_any(const Asked& asked, const Principal& principal) {
  const auto values = values_of(principal, asked.quality, asked.claim);
  return std::any_of(asked.values.begin(), asked.values.end(), [&](const std::string& one) {
    return std::find(values.begin(), values.end(), std::string_view(one)) != values.end();
  });
}

}  // namespace

Told tell(std::size_t number, const Table::Data& data, const Input& input) {
  const CompiledRule& rule = data.rules[number];
  Told told;
  told.rule = rule.id;
  told.effect = rule.effect;
  told.mode = rule.mode;
  const auto add = [&told](std::string what, Truth one) {
    told.truth = both(told.truth, one);
    told.conditions.push_back({std::move(what), one});
  };
  add("tool", truth(rule.matches_tool(input.tool)));
  for (const Asked& asked : rule.principal) add(word(asked), truth(has_any(asked, input.principal)));
  if (rule.kinds != 0) add("kind", truth(rule.matches_kind(input.kinds)));
  if (rule.time) add("time", truth(rule.time->holds(input.now)));
  Arguments arguments(input.arguments, data.pointers);
  schema::Budget budget(kWork, 1);
  for (const auto& [pointer, which] : data.conditions_of(number)) {
    const Predicate& predicate = data.predicates[which];
    add(data.pointers[pointer].text + " " + std::string(config::name(predicate.ask())),
        predicate.test(arguments.at(pointer), budget));
  }
  return told;
}

std::vector<Told> Table::explain(const Input& input) const {
  std::vector<Told> all;
  all.reserve(data_->rules.size());
  for (std::size_t i = 0; i < data_->rules.size(); ++i) all.push_back(tell(i, *data_, input));
  return all;
}

}  // namespace durward::policy::rules
