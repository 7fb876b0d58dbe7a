#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace durward::policy {

/// How a finding becomes a verdict: see effect_of in compile_effects.cpp.
enum class CodeClass : std::uint8_t {
  listed,      // deny_on and escalate_on decide
  own_effect,  // never looked up in those lists
  note,        // recorded, never a verdict
};

enum class Severity : std::uint8_t { low, medium, high, critical };

/// The closed list of finding codes. The table in codes.cpp gives each its name, class and severity, and says
/// whether this gateway raises it.
enum class Code : std::uint8_t {
  // the seed's 23
  tool_not_in_allowlist,
  version_unpinned,
  missing_idempotency_for_side_effect,
  egress_violation,
  fs_violation,
  payload_too_large,
  duration_too_long,
  registry_mutation,
  handler_swap,
  server_code_changed,
  tool_code_changed,
  skill_version_changed,
  skill_code_changed,
  skill_scan_pending,
  skill_scan_failed,
  sast_pending,
  sast_failed,
  dast_pending,
  dast_failed,
  agent_guard_failed,
  contextual_evaluator_denied,
  contextual_evaluator_escalated,
  missing_audit_signature,
  // AP2's
  ap2_intent_missing,
  ap2_mandate_missing,
  ap2_intent_mandate_conflict,
  ap2_cart_mandate_conflict,
  ap2_intent_id_conflict,
  ap2_cart_id_conflict,
  ap2_issuer_conflict,
  ap2_subject_conflict,
  ap2_vc_untrusted,
  ap2_cart_mismatch,
  ap2_digest_unavailable,
  ap2_idempotency_missing,
  ap2_idempotency_mismatch,
  ap2_verification_error,
  // own effect
  method_not_allowed,
  prompt_not_in_allowlist,
  resource_not_in_allowlist,
  secret_denied,
  schema_violation,
  rule,  // a finding of a rule: its own effect
  no_allow_rule,
  private_address,
  exec_denied,
  sql_statement_denied,
  consent_required,
  policy_error,
  // notes
  descriptor_unseen,
  stream_closed,
  secret_brokered,
  credential_echoed,
};

inline constexpr std::size_t kCodes = static_cast<std::size_t>(Code::credential_echoed) + 1;

/// Whether a check raises a code. The others are accepted in lists and reported at load.
enum class Raised : std::uint8_t {
  yes,
  not_yet,  // its check is not built
  never,    // it belongs to what a gateway cannot see
};

struct CodeInfo {
  Code code;
  std::string_view name;
  CodeClass of;
  Severity severity;
  Raised raised;
};

const CodeInfo& info(Code code) noexcept;
std::string_view name(Severity severity) noexcept;
/// The codes that a name in deny_on or escalate_on stands for: one, or the four of the integrity family for
/// `integrity_violation`, or missing_idempotency_for_side_effect for `idempotency_missing`. Empty: unknown, or not a listed
/// code.
std::vector<Code> listed_codes(std::string_view name);
/// Every name that listed_codes knows.
const std::vector<std::string_view>& listed_names();
/// The code of that name, whatever its class; null if there is none.
const CodeInfo* find_code(std::string_view name) noexcept;

}  // namespace durward::policy
