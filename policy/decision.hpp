#pragma once
#include <cstdint>
#include <memory>
#include <optional>
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

/// Where the arguments of a tool stand in a message: what pointers of findings about them begin with.
inline constexpr const char* kArguments = "/params/arguments";

/// One thing that a check noticed. Never holds text that a caller chose.
struct Finding {
  Code code;
  Effect effect;
  std::string at;    // JSON pointer, or empty
  std::string rule;  // id of the rule that raised it, or empty
};

/// What an argument was when a check read it: enough to decide again, but for what is asked of texts.
struct ArgumentFact {
  std::string at;                     // JSON Pointer into the arguments, the operator's
  std::string_view type;              // of JSON, or "absent"
  std::optional<std::uint64_t> size;  // bytes of a text, items of a list, members of a map
};

/// The inputs that checks 3 to 6 read, besides those that every record has anyway.
struct Facts {
  std::vector<ArgumentFact> arguments;
  std::string descriptor;                       // digest of the tool's descriptor, whose schema the arguments were held against
  std::optional<std::uint64_t> argument_bytes;  // of the arguments as they are written
  std::optional<std::int64_t> time;             // Unix seconds that rules were given
  bool principal = false;                       // groups, roles, scopes or claims were read
};

/// What was decided, and why. The record, the refusal and `explain` all come from this one object.
struct Decision {
  Verdict verdict = Verdict::allow;
  config::Mode mode = config::Mode::enforce;
  int checked = 0;  // the last check that ran: 1 is whether the tool or method may be named
  std::vector<Finding> findings;
  std::vector<std::string> rules;  // ids or patterns (operator's text) that matched
  std::string failed;              // of no_allow_rule: the rule and its condition that was missed first
  std::string reason;              // the operator's text of the strictest rule that stopped it, or empty
  Facts facts;
  std::string rulebook;  // digest of the rulebook, "sha256:<64 hex>"
};

}  // namespace durward::policy
