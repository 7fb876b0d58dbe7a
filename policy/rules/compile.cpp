#include <algorithm>
#include <charconv>
#include <set>

#include "policy/rules/data.hpp"
#include "policy/rules/review.hpp"

namespace durward::policy::rules {
namespace {

using config::Ask;

int number(std::string_view digits) {
  int value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

int minutes(std::string_view clock) { return number(clock.substr(0, 2)) * 60 + number(clock.substr(3, 2)); }

Window window_of(const config::TimeCondition& time) {
  Window out;
  if (!time.days.empty()) out.days = 0;
  for (const int day : time.days) out.days = static_cast<std::uint8_t>(out.days | 1U << static_cast<unsigned>(day));
  if (time.hours) {
    out.from = minutes(time.hours->value);
    out.to = minutes(std::string_view(time.hours->value).substr(6));
  }
  const int east = minutes(std::string_view(time.offset).substr(1));
  out.offset = time.offset.front() == '-' ? -east : east;
  return out;
}

/// Reads the rules of one policy, each into its compiled form.
class Compiler {
 public:
  Compiler(const Servers& servers, Diagnostics& diagnostics) : servers_(servers), diagnostics_(diagnostics) {}

  std::unique_ptr<Table::Data> run(const std::vector<config::Rule>& rules) {
    for (const config::Rule& rule : rules) {
      check_id(rule);
      Brief brief;
      CompiledRule compiled = compile(rule, brief);
      if (rule.mode == config::RuleMode::off) continue;
      data_->rules.push_back(std::move(compiled));
      data_->briefs.push_back(brief);
    }
    index();
    return std::move(data_);
  }

 private:
  void check_id(const config::Rule& rule) {
    const auto [known, fresh] = ids_.try_emplace(rule.id.value, rule.id.where.line);
    if (fresh) return;
    error(diagnostics_, rule.id.where,
          "a rule `" + rule.id.value + "` stands on line " + std::to_string(known->second) + " already");
  }

  CompiledRule compile(const config::Rule& rule, Brief& brief) {
    CompiledRule out;
    out.id = rule.id.value;
    out.reason = rule.reason;
    out.effect = rule.effect.value;
    out.mode = rule.mode;
    if (out.effect == config::RuleEffect::redact)
      error(diagnostics_, rule.effect.where, "`redact` does not act yet: `deny` and `escalate` do");
    if (rule.tools) out.tools = compile_list(*rule.tools, servers_, diagnostics_);
    out.versioned = std::any_of(out.tools.begin(), out.tools.end(), [](const Pattern& one) { return one.versioned(); });
    for (const int kind : rule.kinds) out.kinds = static_cast<std::uint8_t>(out.kinds | kind);
    ask(out, rule.principal);
    if (rule.time) out.time = window_of(*rule.time);
    out.asks_arguments = !rule.arguments.empty();
    brief.kinds = out.kinds;
    brief.versioned = out.versioned;
    brief.timed = out.time.has_value();
    brief.first = static_cast<std::uint32_t>(data_->conditions.size());
    for (const config::ArgumentCondition& condition : rule.arguments) compile(condition, out.allows());
    brief.count = static_cast<std::uint32_t>(data_->conditions.size()) - brief.first;
    return out;
  }

  static void ask(CompiledRule& out, const config::PrincipalCondition& who) {
    const auto add = [&out](Quality quality, const std::string& claim, const config::Names& names) {
      Asked asked{quality, claim, {}};
      for (const auto& one : names) asked.values.push_back(one.value);
      out.principal.push_back(std::move(asked));
    };
    const std::pair<Quality, const std::optional<config::Names>*> lists[] = {
        {Quality::tenant, &who.tenants}, {Quality::agent, &who.agents}, {Quality::user, &who.users},
        {Quality::group, &who.groups},   {Quality::role, &who.roles},   {Quality::scope, &who.scopes}};
    for (const auto& [quality, names] : lists) {
      if (*names) add(quality, {}, **names);
    }
    for (const auto& [claim, values] : who.claims) add(Quality::claim, claim, values);
  }

  void compile(const config::ArgumentCondition& condition, bool allows) {
    const std::uint32_t at = pointer(condition.at.value);
    if (condition.predicates.empty())
      error(diagnostics_, condition.where, "an argument without a predicate asks nothing: add one, such as `exists: true`");
    check_possible(condition, diagnostics_);
    for (const config::Predicate& one : condition.predicates) {
      auto predicate = Predicate::compile(one, allows, diagnostics_);
      if (!predicate) continue;
      data_->conditions.push_back({at, static_cast<std::uint32_t>(data_->predicates.size())});
      data_->predicates.push_back(*std::move(predicate));
    }
  }

  std::uint32_t pointer(const std::string& text) {
    const auto [known, fresh] = pointers_.try_emplace(text, static_cast<std::uint32_t>(data_->pointers.size()));
    if (fresh) data_->pointers.emplace_back(text);
    return known->second;
  }

  // Of each rule the first condition that asks for a text. A few rules are sooner asked one by one.
  void index_texts() {
    constexpr std::size_t kWorthIt = 8;
    std::map<std::uint32_t, TextIndex> by_pointer;
    for (std::uint32_t rule = 0; rule < data_->rules.size(); ++rule) {
      for (const auto& [pointer, which] : data_->conditions_of(rule)) {
        const Predicate& predicate = data_->predicates[which];
        if (!asks_for_text(predicate)) continue;
        TextIndex& index = by_pointer.try_emplace(pointer, data_->rules.size()).first->second;
        for (const config::Scalar& one : predicate.operands())
          predicate.ask() == config::Ask::prefix ? index.begins(rule, one.text) : index.is(rule, one.text);
        break;
      }
    }
    for (auto& [pointer, index] : by_pointer)
      if (index.size() >= kWorthIt) data_->texts.emplace_back(pointer, std::move(index));
  }

  static bool asks_for_text(const Predicate& predicate) {
    using config::Ask;
    const bool text = predicate.ask() == Ask::prefix || predicate.ask() == Ask::eq || predicate.ask() == Ask::in;
    return text && std::all_of(predicate.operands().begin(), predicate.operands().end(),
                               [](const config::Scalar& one) { return one.kind == config::Scalar::Kind::text; });
  }

  void index() {
    const std::size_t count = data_->rules.size();
    data_->allowing = Bits(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (data_->rules[i].allows()) data_->allowing.set(i);
    }
    index_texts();
    for (const auto& [name, server] : servers_) {
      ToolIndex& index = data_->servers[name];
      for (std::uint32_t rule = 0; rule < count; ++rule) file(index, name, rule);
    }
    std::map<std::pair<Quality, std::string>, PrincipalIndex> by_quality;
    for (const CompiledRule& rule : data_->rules) {
      for (const Asked& asked : rule.principal) {
        by_quality.try_emplace({asked.quality, asked.claim}, PrincipalIndex{asked.quality, asked.claim, Dimension(count)});
        if (asked.quality == Quality::claim && !std::count(data_->claims.begin(), data_->claims.end(), asked.claim))
          data_->claims.push_back(asked.claim);
      }
    }
    for (auto& [key, index] : by_quality) {
      for (std::uint32_t rule = 0; rule < count; ++rule) file(index, rule);
      data_->principals.push_back(std::move(index));
    }
  }

  void file(ToolIndex& index, const std::string& server, std::uint32_t number) {
    const CompiledRule& rule = data_->rules[number];
    if (rule.tools.empty()) index.add(number, "*");
    for (const Pattern& pattern : rule.tools) {
      if (pattern.may_match_server(server)) index.add(number, pattern.tool());
    }
  }

  void file(PrincipalIndex& index, std::uint32_t number) {
    const auto& asks = data_->rules[number].principal;
    const auto asked = std::find_if(asks.begin(), asks.end(),
                                    [&](const Asked& one) { return one.quality == index.quality && one.claim == index.claim; });
    if (asked == asks.end()) return index.dimension.indifferent(number);
    for (const std::string& value : asked->values) index.dimension.asks(number, value);
  }

  const Servers& servers_;
  Diagnostics& diagnostics_;
  std::unique_ptr<Table::Data> data_ = std::make_unique<Table::Data>();
  std::map<std::string, int> ids_;
  std::map<std::string, std::uint32_t> pointers_;
};

}  // namespace

std::unique_ptr<const Table> Table::compile(const config::PolicySettings& policy, const Servers& servers,
                                            Diagnostics& diagnostics) {
  if (policy.rules.size() > kMostRules) {
    error(diagnostics, policy.rules[kMostRules].where, "a policy has at most " + std::to_string(kMostRules) + " rules");
    return nullptr;
  }
  auto data = Compiler(servers, diagnostics).run(policy.rules);
  review(policy, data->rules, diagnostics);
  return std::unique_ptr<const Table>(new Table(std::move(data)));
}

}  // namespace durward::policy::rules
