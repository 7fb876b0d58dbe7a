#include "config/describe_rules.hpp"

#include "config/forms.hpp"

namespace durward::config {
namespace {

constexpr std::array kEffects{
    Word{"allow", static_cast<int>(RuleEffect::allow)}, Word{"deny", static_cast<int>(RuleEffect::deny)},
    Word{"escalate", static_cast<int>(RuleEffect::escalate)}, Word{"redact", static_cast<int>(RuleEffect::redact)}};
constexpr std::array kModes{Word{"enforce", static_cast<int>(RuleMode::enforce)},
                            Word{"shadow", static_cast<int>(RuleMode::shadow)}, Word{"off", static_cast<int>(RuleMode::off)}};
constexpr std::array kKinds{Word{"read", static_cast<int>(ToolKind::read)}, Word{"mutate", static_cast<int>(ToolKind::mutate)},
                            Word{"exec", static_cast<int>(ToolKind::exec)}, Word{"egress", static_cast<int>(ToolKind::egress)}};
constexpr std::array kDays{Word{"mon", 0}, Word{"tue", 1}, Word{"wed", 2}, Word{"thu", 3},
                           Word{"fri", 4}, Word{"sat", 5}, Word{"sun", 6}};

enum class Takes : std::uint8_t { flag, one, some };

struct About {
  Ask ask;
  std::string_view name;
  Takes takes;
  std::string_view meaning;
};

// In the order of Ask.
constexpr std::array<About, kAsks> kPredicates{{
    {Ask::exists, "exists", Takes::flag,
     "whether the argument is there; without it, and not asked for with `exists`, a call is denied"},
    {Ask::type, "type", Takes::some,
     "its JSON type: `string`, `number`, `integer`, `boolean`, `array`, `object`, `null` (in quotes)"},
    {Ask::eq, "eq", Takes::one, "equal, numbers by value"},
    {Ask::in, "in", Takes::some, "equal to any of these"},
    {Ask::prefix, "prefix", Takes::some, "a text that begins so"},
    {Ask::suffix, "suffix", Takes::some, "a text that ends so"},
    {Ask::glob, "glob", Takes::some, "a text that matches as a whole; `*` is any run of characters"},
    {Ask::regex, "regex", Takes::some, "a text in which the expression (RE2) occurs"},
    {Ask::gt, "gt", Takes::one, "a number above"},
    {Ask::ge, "ge", Takes::one, "a number not below"},
    {Ask::lt, "lt", Takes::one, "a number below"},
    {Ask::le, "le", Takes::one, "a number not above"},
    {Ask::size_gt, "size_gt", Takes::one, "more bytes of a text, items of a list or members of a map"},
    {Ask::url_host, "url_host", Takes::some, "an absolute URL of such a host: `api.example.com`, `*.example.org`"},
    {Ask::cidr, "cidr", Takes::some, "an IP address, or a URL of one, in such a network"},
    {Ask::path_under, "path_under", Takes::some, "a path below such a directory, after `.`, `..` and `%` are resolved"},
    {Ask::sql, "sql", Takes::some, "SQL of such a class: `select`, `insert`, `update`, `delete`, `drop` and others"},
    {Ask::shell, "shell", Takes::some, "a command of such a category: `recursive_delete`, `privilege` and others"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kPredicates.size(); ++i) {
    if (static_cast<std::size_t>(kPredicates[i].ask) != i) return false;
  }
  return true;
}
static_assert(in_order(), "the table is read by the number of a predicate");

void some(Fields& f, const Key& key, const Form& form, std::optional<Names>& out) {
  Names names;
  if (f.some(key, form, names)) out = std::move(names);
}

void describe_principal(Fields& f, PrincipalCondition& who) {
  some(f, {"tenant", "of these tenants"}, kText, who.tenants);
  some(f, {"agent", "these verified agents: id of an API key, client id, or name in a client certificate"}, kText, who.agents);
  some(f, {"users", "these users: verified mail address, or subject"}, kText, who.users);
  some(f, {"groups", "in any of these groups"}, kText, who.groups);
  some(f, {"roles", "with any of these roles"}, kText, who.roles);
  some(f, {"scopes", "with any of these scopes"}, kScope, who.scopes);
  f.names(
      {"claims", "with any of these values in a claim of the token"}, kClaim, kText,
      [&](const Located<std::string>& claim, Names values) { who.claims.insert_or_assign(claim.value, std::move(values)); });
}

void describe_argument(Fields& f, ArgumentCondition& condition) {
  f.text({"at", "where in the arguments", true, "name the argument, such as /path"}, kArgument, condition.at);
  for (const About& one : kPredicates) {
    Predicate predicate;
    predicate.ask = one.ask;
    if (f.scalars({one.name, one.meaning}, one.takes == Takes::some, predicate.operands))
      condition.predicates.push_back(std::move(predicate));
  }
}

void describe_time(Fields& f, TimeCondition& time) {
  f.words({"days", "of the week"}, kDays, time.days);
  Located<std::string> hours;
  if (f.text({"hours", "from and to, which is not in it; may pass midnight"}, kHours, hours)) time.hours = std::move(hours);
  Located<std::string> offset{time.offset, {}};
  if (f.text({"offset", "of the clock on which both are read, from UTC"}, kOffset, offset))
    time.offset = std::move(offset.value);
}

void describe_when(Fields& f, Rule& rule) {
  f.section({"principal", ""}, [&](Fields& in) { describe_principal(in, rule.principal); });
  some(f, {"tool", "`mcp://server/tool@version` patterns; without it every tool"}, kPattern, rule.tools);
  f.words({"kind", "tools that do such things"}, kKinds, rule.kinds);
  f.list({"arguments", "what must hold of arguments"}, [&](Fields& in, const Position& where) {
    ArgumentCondition condition;
    condition.where = where;
    describe_argument(in, condition);
    rule.arguments.push_back(std::move(condition));
  });
  TimeCondition time;
  time.where = rule.where;
  if (f.part({"time", ""}, [&](Fields& in) { describe_time(in, time); })) rule.time = std::move(time);
}

void describe_rule(Fields& f, Rule& rule) {
  f.text({"id", "a name of its own, for records and refusals", true, "name the rule"}, kRuleId, rule.id);
  f.section({"when", ""}, [&](Fields& in) { describe_when(in, rule); });
  f.choice({"effect", "of a match; the strictest of all rules wins. `allow` closes the tool to calls that match no `allow`",
            true, "allow, deny or escalate"},
           kEffects, rule.effect);
  Located<RuleMode> mode{rule.mode, {}};
  if (f.choice({"mode", "`shadow`: recorded as would_deny; `off`: not looked at"}, kModes, mode)) rule.mode = mode.value;
  Located<std::string> reason;
  if (f.text({"reason", "told to whoever is refused"}, kText, reason)) rule.reason = std::move(reason.value);
}

}  // namespace

std::string_view name(Ask ask) noexcept { return kPredicates[static_cast<std::size_t>(ask)].name; }

void describe_rules(Fields& f, std::vector<Rule>& rules) {
  f.list({"rules", "what is decided on arguments; their order means nothing"}, [&](Fields& in, const Position& where) {
    Rule rule;
    rule.where = where;
    describe_rule(in, rule);
    rules.push_back(std::move(rule));
  });
}

}  // namespace durward::config
