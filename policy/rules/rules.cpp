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
    closing.each([&](std::uint32_t rule) { close(rule); });
    for (const PrincipalIndex& each : data_.principals)
      candidates &= each.dimension.passing(values_of(input_.principal, each.quality, each.claim));
    for (const auto& [pointer, index] : data_.texts) narrow(candidates, pointer, index);
    candidates.each([&](std::uint32_t rule) { weigh(rule); });
    // Which expression had no work left depends on the order of the rules; that there was none does not.
    if (budget_.stopped() != schema::Stop::none && !erred_) err({}, std::string(kArguments));
    finish();
    return std::move(out_);
  }

 private:
  void close(std::uint32_t rule) {
    if (!data_.rules[rule].names_tool(input_.tool)) return;
    std::optional<std::uint32_t>& first = data_.rules[rule].enforced() ? closes_ : shadow_closes_;
    if (!first) first = rule;
  }

  // Whether a text is another or begins with it is never unknown: who asks that in vain is out. What is no text they ask
  // themselves.
  void narrow(Bits& candidates, std::uint32_t pointer, const TextIndex& index) {
    if (!candidates.meets(index.asking())) return;
    Argument& argument = arguments_.at(pointer);
    if (argument.value() && argument.value().is(json::Kind::string))
      candidates.drop(index.asking(), index.holding(argument.text()));
  }

  void weigh(std::uint32_t number) {
    const Brief& brief = data_.briefs[number];
    if (brief.kinds != 0 && (brief.kinds & input_.kinds) == 0) return;
    if (brief.versioned && !data_.rules[number].matches_tool(input_.tool)) return;
    if (brief.timed) {
      out_.timed = true;
      if (!data_.rules[number].time->holds(input_.now)) return;
    }
    std::uint32_t unknown = 0;
    const Truth truth = test(data_.conditions_of(number), unknown);
    if (truth == Truth::no) return;
    const CompiledRule& rule = data_.rules[number];
    if (truth == Truth::unknown) return err(rule.id, std::string(kArguments) + data_.pointers[unknown].text);
    out_.matched.push_back(rule.id);
    if (rule.allows()) {
      (rule.enforced() ? allowed_ : shadow_allowed_) = true;
      return;
    }
    raise(number);
  }

  /// The conditions over arguments together. unknown: the first pointer that could not be asked.
  Truth test(std::span<const Condition> conditions, std::uint32_t& unknown) {
    Truth all = Truth::yes;
    for (const auto& [pointer, predicate] : conditions) {
      const Truth one = data_.predicates[predicate].test(arguments_.at(pointer), budget_);
      if (one == Truth::unknown && all == Truth::yes) unknown = pointer;
      all = both(all, one);
      if (all == Truth::no) return all;
    }
    return all;
  }

  void raise(std::uint32_t number) {
    const CompiledRule& rule = data_.rules[number];
    const auto conditions = data_.conditions_of(number);
    Raised raised;
    raised.rule = rule.id;
    raised.effect = rule.enforced() ? effect_of(rule.effect) : Effect::would_deny;
    if (!conditions.empty()) raised.at = std::string(kArguments) + data_.pointers[conditions.front().pointer].text;
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
    const bool closed = closes_ && !allowed_;
    const bool shadow_closed = !closes_ && shadow_closes_ && !shadow_allowed_;
    if (closed || shadow_closed) {
      closing_ = closed ? closes_ : shadow_closes_;
      const CompiledRule& rule = data_.rules[*closing_];
      out_.findings.push_back({Code::no_allow_rule, "/params/name", rule.id, closed ? Effect::deny : Effect::would_deny});
    }
    out_.read.reserve(arguments_.read().size());
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
  /// The rule that closed the tool to this call.
  std::optional<std::uint32_t> closing() const { return closing_; }

 private:
  const Table::Data& data_;
  const Input& input_;
  Arguments arguments_;
  schema::Budget budget_;
  Verdicts out_;
  Effect strictest_ = Effect::note;
  std::optional<std::uint32_t> closes_, shadow_closes_, closing_;
  bool allowed_ = false, shadow_allowed_ = false, erred_ = false;
};

}  // namespace

Verdicts Table::judge(const Input& input) const {
  Judge judge(*data_, input);
  Verdicts out = judge.run();
  if (!judge.closing()) return out;
  const Told told = tell(*judge.closing(), *data_, input);
  const auto missed = std::find_if(told.conditions.begin(), told.conditions.end(),
                                   [](const Told::Condition& one) { return one.truth != Truth::yes; });
  if (missed != told.conditions.end()) out.failed = told.rule + " " + missed->what;
  return out;
}

}  // namespace durward::policy::rules
