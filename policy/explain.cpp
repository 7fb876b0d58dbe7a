#include "policy/explain.hpp"

#include "policy/digest_text.hpp"
#include "policy/schema/schema.hpp"

namespace durward::policy {
namespace {

std::string_view name(config::RuleEffect effect) {
  switch (effect) {
    case config::RuleEffect::allow:
      return "allow";
    case config::RuleEffect::redact:
      return "redact";
    case config::RuleEffect::escalate:
      return "escalate";
    case config::RuleEffect::deny:
      break;
  }
  return "deny";
}

std::string_view name(config::RuleMode mode) {
  return mode == config::RuleMode::shadow ? "shadow" : mode == config::RuleMode::off ? "off" : "enforce";
}

std::string_view name(config::Mode mode) { return mode == config::Mode::observe ? "observe" : "enforce"; }

Explanation refused(Denial denial) {
  Explanation out;
  out.reason = denial.violation.reason;
  out.decision = std::move(denial.decision);
  out.wrong = std::move(denial.explanation);
  return out;
}

Explanation decide_on(const Rulebook& rulebook, const Principal& principal, const Naming& naming, const Call& call) {
  auto granted = grant(rulebook, principal, naming);
  if (!granted) return refused(std::move(granted).error());
  auto cleared = decide(rulebook, *std::move(granted), call);
  if (!cleared) return refused(std::move(cleared).error());
  Explanation out;
  out.allowed = true;
  out.decision = cleared->decision();
  return out;
}

}  // namespace

Explanation explain(const Rulebook& rulebook, const Supposed& supposed) {
  const Principal principal(supposed.who);
  Call call = supposed.call;
  std::shared_ptr<const schema::Schema> schema;
  if (supposed.schema) {
    auto compiled = schema::Schema::compile(supposed.schema.raw());
    call.schema_broken = !compiled;
    if (compiled) schema = *std::move(compiled);
  }
  call.schema = schema.get();
  Naming naming;
  naming.server = supposed.server;
  naming.method = supposed.method;
  naming.target = supposed.target;
  naming.name = supposed.name;
  naming.version = supposed.version;
  naming.listing = supposed.listing;
  Explanation out = decide_on(rulebook, principal, naming, call);
  if (supposed.target != Target::tool) return out;
  const ToolRef tool{supposed.server, supposed.name, std::string(rulebook.version(supposed.server, supposed.version))};
  out.rules = rulebook.rules().explain({principal, tool, rulebook.kinds(tool.server, tool.tool), call.arguments, call.now});
  return out;
}

std::string as_text(const Explanation& told) {
  const Decision& decision = told.decision;
  std::string out = "verdict   " + std::string(name(decision.verdict)) + " (mode " + std::string(name(decision.mode)) + ")\n";
  out += "answer    " + (told.reason ? std::string(name(*told.reason)) : "forwarded") + "\n";
  out += "rulebook  " + decision.rulebook + "\n";
  for (const Finding& finding : decision.findings) {
    out += "finding   " + std::string(info(finding.code).name) + ": " + std::string(name(finding.effect));
    if (!finding.at.empty()) out += " at " + finding.at;
    if (!finding.rule.empty()) out += ", by " + finding.rule;
    out += '\n';
  }
  if (!decision.failed.empty()) out += "missed    " + decision.failed + "\n";
  for (const std::string& rule : decision.rules) out += "matched   " + rule + "\n";
  if (!told.wrong.empty()) out += "schema    " + told.wrong + "\n";
  for (const rules::Told& rule : told.rules) {
    out += "rule      " + rule.rule + " (" + std::string(name(rule.effect));
    out += rule.mode == config::RuleMode::enforce ? "" : ", " + std::string(name(rule.mode));
    out += "): " + std::string(rules::name(rule.truth)) + "\n";
    for (const auto& condition : rule.conditions)
      out += "            " + std::string(rules::name(condition.truth)) + "  " + condition.what + "\n";
  }
  return out;
}

std::string as_json(const Explanation& told) {
  const auto text = [](std::string_view value) { return json::quote(value); };
  std::vector<std::string> findings, explained;
  for (const Finding& finding : told.decision.findings) {
    Object one;
    one.add("code", text(info(finding.code).name)).add("effect", text(name(finding.effect)));
    if (!finding.at.empty()) one.add("at", text(finding.at));
    if (!finding.rule.empty()) one.add("rule", text(finding.rule));
    findings.push_back(one.done());
  }
  for (const rules::Told& rule : told.rules) {
    std::vector<std::string> conditions;
    for (const auto& condition : rule.conditions)
      conditions.push_back(Object().add("what", text(condition.what)).add("holds", text(rules::name(condition.truth))).done());
    Object one;
    one.add("rule", text(rule.rule)).add("effect", text(name(rule.effect))).add("mode", text(name(rule.mode)));
    explained.push_back(one.add("holds", text(rules::name(rule.truth))).add("conditions", array_of(conditions)).done());
  }
  Object out;
  out.add("verdict", text(name(told.decision.verdict))).add("mode", text(name(told.decision.mode)));
  if (told.reason) out.add("reason", text(name(*told.reason)));
  out.add("rulebook", text(told.decision.rulebook))
      .add("findings", array_of(findings))
      .add("rules", array(told.decision.rules));
  if (!told.decision.failed.empty()) out.add("missed", text(told.decision.failed));
  if (!told.wrong.empty()) out.add("schema", text(told.wrong));
  return out.add("explained", array_of(explained)).done() + "\n";
}

}  // namespace durward::policy
