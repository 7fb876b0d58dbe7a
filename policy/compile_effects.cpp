#include <algorithm>
#include <bitset>

#include "policy/compile.hpp"

namespace durward::policy {
namespace {

using CodeSet = std::bitset<kCodes>;

std::size_t at(Code code) { return static_cast<std::size_t>(code); }

void refuse_name(const config::Located<std::string>& entry, std::string_view list, Diagnostics& diagnostics) {
  if (const CodeInfo* known = find_code(entry.value)) {
    const char* why = known->of == CodeClass::note ? "` is only ever noted and decides nothing" : "` decides on its own";
    return error(diagnostics, entry.where, "`" + entry.value + why + ": it cannot stand in " + std::string(list));
  }
  std::vector<std::string> candidates(listed_names().begin(), listed_names().end());
  error(diagnostics, entry.where, "`" + entry.value + "` is no code of a finding" + suggestion(entry.value, candidates));
}

void report_unraised(const config::Located<std::string>& entry, const std::vector<Code>& codes, Diagnostics& diagnostics) {
  const auto all = [&codes](Raised raised) {
    return std::all_of(codes.begin(), codes.end(), [raised](Code code) { return info(code).raised == raised; });
  };
  if (all(Raised::never)) {
    warning(diagnostics, entry.where, "`" + entry.value + "` is never raised here: a gateway cannot see what it is about");
  } else if (all(Raised::not_yet)) {
    warning(diagnostics, entry.where, "`" + entry.value + "` is not raised yet: no check of this version finds it");
  }
}

CodeSet read(const config::Patterns& entries, std::string_view list, Diagnostics& diagnostics) {
  CodeSet set;
  for (const auto& entry : entries) {
    const std::vector<Code> codes = listed_codes(entry.value);
    if (codes.empty()) {
      refuse_name(entry, list, diagnostics);
      continue;
    }
    for (const Code code : codes) set.set(at(code));
    report_unraised(entry, codes, diagnostics);
  }
  return set;
}

/// What becomes of a finding with this code: its class decides first, then the mode, then the lists of the policy.
Effect effect_of(const CodeInfo& code, const CodeSet& denies, const CodeSet& escalates, const config::PolicySettings& policy) {
  if (code.of == CodeClass::note) return Effect::note;
  // An error while deciding is no observation: no mode lets it pass.
  if (code.code == Code::policy_error) return Effect::deny;
  if (policy.mode == config::Mode::observe) return Effect::would_deny;
  // The seed's observe mode reaches what the seed had: listed codes, and what checks a call's form.
  if (code.code == Code::schema_violation && policy.deny_on && policy.deny_on->empty()) return Effect::would_deny;
  if (code.of == CodeClass::own_effect) return Effect::deny;
  if (escalates.test(at(code.code))) return Effect::escalate;
  return denies.test(at(code.code)) ? Effect::deny : Effect::would_deny;
}

}  // namespace

std::array<Effect, kCodes> compile_effects(const config::PolicySettings& policy, Diagnostics& diagnostics) {
  const CodeSet denies = policy.deny_on ? read(*policy.deny_on, "deny_on", diagnostics) : CodeSet().set();
  const CodeSet escalates = policy.escalate_on ? read(*policy.escalate_on, "escalate_on", diagnostics) : CodeSet();
  if (policy.deny_on && policy.deny_on->empty() && policy.mode == config::Mode::enforce) {
    warning(diagnostics, {policy.file, 0, 0},
            "`deny_on` is empty: listed findings are recorded as would_deny and deny nothing");
  }
  std::array<Effect, kCodes> effects{};
  for (std::size_t i = 0; i < kCodes; ++i) effects[i] = effect_of(info(static_cast<Code>(i)), denies, escalates, policy);
  return effects;
}

}  // namespace durward::policy
