#include "policy/rules/rules.hpp"

#include <algorithm>

#include "policy/rules/data.hpp"

namespace durward::policy::rules {

using config::RuleEffect;
using config::RuleMode;

Table::Table(std::unique_ptr<const Data> data) : data_(std::move(data)) {}
Table::~Table() = default;

bool Table::empty() const { return data_->rules.empty(); }
bool Table::asks_principal() const { return !data_->principals.empty(); }
const std::vector<std::string>& Table::claims() const { return data_->claims; }

std::string_view agent_of(const Principal& principal) {
  if (principal.client_id().empty() && principal.method() == AuthnMethod::mtls) return principal.subject();
  return principal.client_id();
}

std::vector<std::string_view> values_of(const Principal& principal, Quality quality, std::string_view claim) {
  const auto list = [](const std::vector<std::string>& all) { return std::vector<std::string_view>(all.begin(), all.end()); };
  switch (quality) {
    case Quality::tenant:
      return {principal.tenant()};
    case Quality::agent:
      return {agent_of(principal)};
    case Quality::user:
      return {principal.email().empty() ? principal.subject() : principal.email(), principal.subject()};
    case Quality::group:
      return list(principal.groups());
    case Quality::role:
      return list(principal.roles());
    case Quality::scope:
      return list(principal.scopes());
    case Quality::claim:
      break;
  }
  return list(principal.claim(claim));
}

bool Window::holds(std::int64_t now) const {
  constexpr std::int64_t kDay = 86'400;
  constexpr std::int64_t kThursday = 3;  // 1 January 1970
  const std::int64_t local = now + std::int64_t{offset} * 60;
  std::int64_t day = local / kDay - (local % kDay < 0 ? 1 : 0);
  const int minute = static_cast<int>((local - day * kDay) / 60);
  const bool over_midnight = to < from;
  if (over_midnight && minute < to) --day;
  const bool inside = over_midnight ? minute >= from || minute < to : minute >= from && minute < to;
  const auto weekday = static_cast<unsigned>(((day + kThursday) % 7 + 7) % 7);
  return inside && (days >> weekday & 1) != 0;
}

bool CompiledRule::names_tool(const ToolRef& tool) const {
  return tools.empty() || std::any_of(tools.begin(), tools.end(),
                                      [&](const Pattern& one) { return one.may_match(tool.server, tool.tool, tool.version); });
}

bool CompiledRule::matches_tool(const ToolRef& tool) const {
  if (!allows()) return names_tool(tool);
  return tools.empty() || std::any_of(tools.begin(), tools.end(), [&](const Pattern& one) { return one.matches(tool); });
}

Truth test(const CompiledRule& rule, Arguments& arguments, schema::Budget& budget, std::uint32_t* unknown) {
  Truth all = Truth::yes;
  for (const Condition& condition : rule.conditions) {
    Argument& argument = arguments.at(condition.pointer);
    for (const Predicate& predicate : condition.predicates) {
      const Truth one = predicate.test(argument, budget);
      if (one == Truth::unknown && all == Truth::yes) *unknown = condition.pointer;
      all = both(all, one);
      if (all == Truth::no) return all;
    }
  }
  return all;
}

namespace {

constexpr std::string_view kArguments = "/params/arguments";

Effect effect_of(RuleEffect effect) { return effect == RuleEffect::escalate ? Effect::escalate : Effect::deny; }

std::string_view type_of(json::Value value) {
  if (!value) return "absent";
  switch (value.kind()) {
    case json::Kind::null:
      return "null";
    case json::Kind::boolean:
      return "boolean";
    case json::Kind::number:
      return "number";
    case json::Kind::string:
      return "string";
    case json::Kind::array:
      return "array";
    case json::Kind::object:
      break;
  }
  return "object";
}

/// Judges one input.
class Judge {
 public:
  Judge(const Table::Data& data, const Input& input)
      : data_(data), input_(input), arguments_(input.arguments, data.pointers), budget_(kWork, 1) {}

  Verdicts run() {
    const auto server = data_.servers.find(input_.tool.server);
    if (server == data_.servers.end()) return std::move(out_);
    Bits candidates(data_.rules.size());
    server->second.collect(input_.tool.tool, candidates);
    Bits closing = candidates;
    closing &= data_.allowing;
    closing.each([&](std::uint32_t rule) { close(data_.rules[rule]); });
    for (const PrincipalIndex& each : data_.principals)
      candidates &= each.dimension.passing(values_of(input_.principal, each.quality, each.claim));
    candidates.each([&](std::uint32_t rule) { weigh(data_.rules[rule]); });
    // Which expression had no work left depends on the order of the rules; that there was none does not.
    if (budget_.stopped() != schema::Stop::none && !erred_) err({}, std::string(kArguments));
    finish();
    return std::move(out_);
  }

 private:
  void close(const CompiledRule& rule) {
    if (!rule.names_tool(input_.tool)) return;
    const CompiledRule*& first = rule.enforced() ? closes_ : shadow_closes_;
    if (first == nullptr) first = &rule;
  }

  void weigh(const CompiledRule& rule) {
    if (!rule.matches_kind(input_.kinds) || (rule.versioned && !rule.matches_tool(input_.tool))) return;
    if (rule.time) {
      out_.timed = true;
      if (!rule.time->holds(input_.now)) return;
    }
    std::uint32_t unknown = 0;
    const Truth truth = test(rule, arguments_, budget_, &unknown);
    if (truth == Truth::no) return;
    if (truth == Truth::unknown) return err(rule.id, std::string(kArguments) + data_.pointers[unknown].text);
    out_.matched.push_back(rule.id);
    if (rule.allows()) {
      (rule.enforced() ? allowed_ : shadow_allowed_) = true;
      return;
    }
    raise(rule);
  }

  void raise(const CompiledRule& rule) {
    Raised raised;
    raised.rule = rule.id;
    raised.effect = rule.enforced() ? effect_of(rule.effect) : Effect::would_deny;
    if (!rule.conditions.empty()) raised.at = std::string(kArguments) + data_.pointers[rule.conditions.front().pointer].text;
    if (raised.effect > strictest_) {
      strictest_ = raised.effect;
      out_.reason = rule.reason;
    }
    out_.findings.push_back(std::move(raised));
  }

  // An error while deciding is no observation: it denies whatever the mode of the rule.
  void err(const std::string& rule, std::string at) {
    erred_ = true;
    out_.findings.push_back({Code::policy_error, std::move(at), rule, Effect::deny});
  }

  void finish() {
    const bool closed = closes_ != nullptr && !allowed_;
    const bool shadow_closed = closes_ == nullptr && shadow_closes_ != nullptr && !shadow_allowed_;
    if (closed || shadow_closed) {
      const CompiledRule& rule = closed ? *closes_ : *shadow_closes_;
      out_.findings.push_back({Code::no_allow_rule, "/params/name", rule.id, closed ? Effect::deny : Effect::would_deny});
      closing_ = &rule;
    }
    for (const Arguments::Read& one : arguments_.read()) {
      const json::Value value = one.argument.value();
      ArgumentFact fact{data_.pointers[one.pointer].text, type_of(value), std::nullopt};
      Argument argument = one.argument;
      if (value.is(json::Kind::string)) fact.size = argument.text().size();
      if (value.is(json::Kind::array) || value.is(json::Kind::object)) fact.size = value.size();
      out_.read.push_back(std::move(fact));
    }
  }

 public:
  const CompiledRule* closing() const { return closing_; }

 private:
  const Table::Data& data_;
  const Input& input_;
  Arguments arguments_;
  schema::Budget budget_;
  Verdicts out_;
  Effect strictest_ = Effect::note;
  const CompiledRule* closes_ = nullptr;
  const CompiledRule* shadow_closes_ = nullptr;
  const CompiledRule* closing_ = nullptr;
  bool allowed_ = false, shadow_allowed_ = false, erred_ = false;
};

}  // namespace

Verdicts Table::judge(const Input& input) const {
  Judge judge(*data_, input);
  Verdicts out = judge.run();
  if (judge.closing() == nullptr) return out;
  const Told told = tell(*judge.closing(), *data_, input);
  const auto missed = std::find_if(told.conditions.begin(), told.conditions.end(),
                                   [](const Told::Condition& one) { return one.truth != Truth::yes; });
  if (missed != told.conditions.end()) out.failed = told.rule + " " + missed->what;
  return out;
}

}  // namespace durward::policy::rules
