#include "policy/rulebook.hpp"

#include <algorithm>

namespace durward::policy {
namespace {

constexpr auto kRead = static_cast<std::uint8_t>(config::ToolKind::read);

/// The public reason of a denial: by what was denied, never by why, so that a hidden name and a missing one look the same.
Violation refusal_of(const Decision& decision) {
  Reason reason = Reason::denied;
  for (const Finding& finding : decision.findings) {
    if (finding.effect != Effect::deny) continue;
    switch (finding.code) {
      case Code::method_not_allowed:
        return {Reason::method_not_allowed, "method_not_allowed"};
      case Code::tool_not_in_allowlist:
      case Code::version_unpinned:
        reason = Reason::unknown_tool;
        break;
      case Code::prompt_not_in_allowlist:
        reason = Reason::unknown_prompt;
        break;
      case Code::resource_not_in_allowlist:
        reason = Reason::unknown_resource;
        break;
      default:
        break;
    }
  }
  return {reason, std::string(name(decision.verdict)) + " by checks 1 and 2"};
}

/// The last check that there is.
constexpr int kChecks = 5;

/// Whether the arguments break the schema, and nothing else denies but rules that could not read those same arguments: a rule
/// that compares numbers errs on a text where the schema asks for a number.
bool correctable(const Decision& decision) {
  const auto denies = [](const Finding& one, Code code) { return one.effect == Effect::deny && one.code == code; };
  bool broken = false;
  for (const Finding& one : decision.findings) {
    broken = broken || denies(one, Code::schema_violation);
    const bool unread = denies(one, Code::policy_error) && one.at.starts_with(kArguments);
    if (one.effect == Effect::deny && one.code != Code::schema_violation && !unread) return false;
  }
  return broken;
}

Denial deny(Reason reason, const char* detail, Decision decision) {
  decision.verdict = Verdict::deny;
  return {Violation(reason, detail), std::move(decision), {}};
}

}  // namespace

Grant::Grant(Principal principal, ToolRef ref, std::string method, Decision decision, std::uint8_t kinds)
    : principal_(std::move(principal)),
      ref_(std::move(ref)),
      method_(std::move(method)),
      decision_(std::move(decision)),
      kinds_(kinds) {}

bool Grant::side_effect() const { return kinds_ != kRead; }

Outcome<Grant, Denial> grant(const Rulebook& rulebook, const Principal& principal, const Naming& naming) {
  Decision decision = rulebook.judge(principal, naming);
  if (decision.verdict == Verdict::deny) {
    Violation violation = refusal_of(decision);
    return Denial{std::move(violation), std::move(decision), {}};
  }
  const bool tool = naming.target == Target::tool || naming.method == "tools/call";
  const bool escalated = decision.verdict == Verdict::escalate;
  // A name that no one knows to exist is neither called nor shown to an approver, whatever the mode.
  if (tool && naming.listing != Listing::listed && (escalated || !rulebook.names_literally(naming.server, naming.name))) {
    if (naming.listing == Listing::unlisted)
      return deny(Reason::unknown_tool, "not in the server's catalogue", std::move(decision));
    return deny(Reason::catalogue_unavailable, "no catalogue of the server can be had", std::move(decision));
  }
  if (escalated) return Denial{Violation(Reason::awaits_approval, "escalated by checks 1 and 2"), std::move(decision), {}};
  ToolRef ref{std::string(naming.server), {}, {}};
  std::uint8_t kinds = kRead;
  if (tool) {
    ref.tool = naming.name;
    ref.version = rulebook.version(naming.server, naming.version);
    kinds = rulebook.kinds(naming.server, naming.name);
  }
  return Grant(principal, std::move(ref), std::string(naming.method), std::move(decision), kinds);
}

Outcome<Cleared, Denial> decide(const Rulebook& rulebook, Grant grant, const Call& call, const std::vector<Code>& findings) {
  Decision& decision = grant.decision_;
  std::string explanation;
  if (!grant.ref_.tool.empty()) {
    explanation = rulebook.check(decision, grant.principal_, grant.ref_, grant.kinds_, call);
    decision.checked = kChecks;
  }
  rulebook.settle(decision, findings);
  switch (decision.verdict) {
    case Verdict::allow:
      return Cleared(std::move(grant));
    case Verdict::escalate:
      return Denial{Violation(Reason::awaits_approval, "escalated by checks 3 to 6"), std::move(decision), {}};
    case Verdict::deny:
      break;
  }
  // Whoever only wrote the arguments wrongly can correct them, and is told how.
  if (correctable(decision))
    return Denial{Violation(Reason::arguments_invalid, "the arguments break the tool's schema"), std::move(decision),
                  std::move(explanation)};
  return Denial{Violation(Reason::denied, "denied by checks 3 to 6"), std::move(decision), {}};
}

}  // namespace durward::policy
