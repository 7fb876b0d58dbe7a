#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/policy_settings.hpp"
#include "policy/codes.hpp"

namespace durward::policy {

enum class Verdict : std::uint8_t { allow, escalate, deny };            // in order of strictness
enum class Effect : std::uint8_t { note, would_deny, escalate, deny };  // likewise

std::string_view name(Verdict verdict) noexcept;
std::string_view name(Effect effect) noexcept;

/// One thing that a check noticed. Never holds text that a caller chose.
struct Finding {
  Code code;
  Effect effect;
  std::string at;    // JSON pointer, or empty
  std::string rule;  // id of the rule that raised it, or empty
};

/// What was decided, and why. The record, the refusal and `explain` all come from this one object.
struct Decision {
  Verdict verdict = Verdict::allow;
  config::Mode mode = config::Mode::enforce;
  int checked = 0;  // the last check that ran: 1 is whether the tool or method may be named
  std::vector<Finding> findings;
  std::vector<std::string> rules;  // ids or patterns (operator's text) that matched
  std::string rulebook;            // digest of the rulebook, "sha256:<64 hex>"
};

}  // namespace durward::policy
