#include "policy/codes.hpp"

#include <algorithm>
#include <array>

#include "policy/decision.hpp"

namespace durward::policy {
namespace {

using enum CodeClass;
using enum Severity;
using enum Raised;

// In the order of the enumeration.
constexpr std::array<CodeInfo, kCodes> kTable{{
    {Code::tool_not_in_allowlist, "tool_not_in_allowlist", listed, high, yes},
    {Code::version_unpinned, "version_unpinned", listed, high, yes},
    {Code::missing_idempotency_for_side_effect, "missing_idempotency_for_side_effect", listed, medium, not_yet},
    {Code::egress_violation, "egress_violation", listed, medium, yes},
    {Code::fs_violation, "fs_violation", listed, medium, yes},
    {Code::payload_too_large, "payload_too_large", listed, medium, yes},
    {Code::duration_too_long, "duration_too_long", listed, low, yes},
    {Code::registry_mutation, "registry_mutation", listed, critical, not_yet},
    {Code::handler_swap, "handler_swap", listed, critical, not_yet},
    {Code::server_code_changed, "server_code_changed", listed, critical, not_yet},
    {Code::tool_code_changed, "tool_code_changed", listed, critical, not_yet},
    {Code::skill_version_changed, "skill_version_changed", listed, high, never},
    {Code::skill_code_changed, "skill_code_changed", listed, high, never},
    {Code::skill_scan_pending, "skill_scan_pending", listed, low, never},
    {Code::skill_scan_failed, "skill_scan_failed", listed, high, never},
    {Code::sast_pending, "sast_pending", listed, low, never},
    {Code::sast_failed, "sast_failed", listed, low, never},
    {Code::dast_pending, "dast_pending", listed, low, never},
    {Code::dast_failed, "dast_failed", listed, low, never},
    {Code::agent_guard_failed, "agent_guard_failed", listed, high, not_yet},
    {Code::contextual_evaluator_denied, "contextual_evaluator_denied", listed, high, never},
    {Code::contextual_evaluator_escalated, "contextual_evaluator_escalated", listed, high, never},
    {Code::missing_audit_signature, "missing_audit_signature", listed, medium, not_yet},
    {Code::ap2_intent_missing, "ap2_intent_missing", listed, high, not_yet},
    {Code::ap2_mandate_missing, "ap2_mandate_missing", listed, high, not_yet},
    {Code::ap2_intent_mandate_conflict, "ap2_intent_mandate_conflict", listed, high, not_yet},
    {Code::ap2_cart_mandate_conflict, "ap2_cart_mandate_conflict", listed, high, not_yet},
    {Code::ap2_intent_id_conflict, "ap2_intent_id_conflict", listed, high, not_yet},
    {Code::ap2_cart_id_conflict, "ap2_cart_id_conflict", listed, high, not_yet},
    {Code::ap2_issuer_conflict, "ap2_issuer_conflict", listed, high, not_yet},
    {Code::ap2_subject_conflict, "ap2_subject_conflict", listed, high, not_yet},
    {Code::ap2_vc_untrusted, "ap2_vc_untrusted", listed, high, not_yet},
    {Code::ap2_cart_mismatch, "ap2_cart_mismatch", listed, high, not_yet},
    {Code::ap2_digest_unavailable, "ap2_digest_unavailable", listed, high, not_yet},
    {Code::ap2_idempotency_missing, "ap2_idempotency_missing", listed, medium, not_yet},
    {Code::ap2_idempotency_mismatch, "ap2_idempotency_mismatch", listed, high, not_yet},
    {Code::ap2_verification_error, "ap2_verification_error", listed, high, not_yet},
    {Code::method_not_allowed, "method_not_allowed", own_effect, medium, yes},
    {Code::prompt_not_in_allowlist, "prompt_not_in_allowlist", own_effect, high, yes},
    {Code::resource_not_in_allowlist, "resource_not_in_allowlist", own_effect, high, yes},
    {Code::secret_denied, "secret_denied", own_effect, high, yes},
    {Code::schema_violation, "schema_violation", own_effect, medium, yes},
    {Code::rule, "rule", own_effect, high, yes},
    {Code::no_allow_rule, "no_allow_rule", own_effect, high, yes},
    {Code::private_address, "private_address", own_effect, high, yes},
    {Code::exec_denied, "exec_denied", own_effect, high, yes},
    {Code::sql_statement_denied, "sql_statement_denied", own_effect, high, yes},
    {Code::consent_required, "consent_required", own_effect, medium, yes},
    {Code::policy_error, "policy_error", own_effect, high, yes},
    {Code::descriptor_unseen, "descriptor_unseen", note, low, not_yet},
    {Code::stream_closed, "stream_closed", note, low, yes},
    {Code::secret_brokered, "secret_brokered", note, low, yes},
    {Code::credential_echoed, "credential_echoed", note, medium, yes},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].code) != i) return false;
  }
  return true;
}
static_assert(in_order(), "the table is read by the number of a code");

constexpr std::string_view kIntegrity = "integrity_violation";
constexpr std::string_view kIdempotency = "idempotency_missing";

}  // namespace

const CodeInfo& info(Code code) noexcept { return kTable[static_cast<std::size_t>(code)]; }

const CodeInfo* find_code(std::string_view name) noexcept {
  const auto* found = std::find_if(kTable.begin(), kTable.end(), [name](const CodeInfo& one) { return one.name == name; });
  return found == kTable.end() ? nullptr : found;
}

std::vector<Code> listed_codes(std::string_view name) {
  if (name == kIntegrity) {
    return {Code::registry_mutation, Code::handler_swap, Code::server_code_changed, Code::tool_code_changed};
  }
  if (name == kIdempotency) return {Code::missing_idempotency_for_side_effect};
  const CodeInfo* found = find_code(name);
  if (found == nullptr || found->of != listed) return {};
  return {found->code};
}

const std::vector<std::string_view>& listed_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all{kIntegrity, kIdempotency};
    for (const CodeInfo& one : kTable) {
      if (one.of == listed) all.push_back(one.name);
    }
    return all;
  }();
  return names;
}

std::string_view name(Severity severity) noexcept {
  switch (severity) {
    case low:
      return "low";
    case medium:
      return "medium";
    case high:
      return "high";
    case critical:
      return "critical";
  }
  return "critical";
}

std::string_view name(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::allow:
      return "allow";
    case Verdict::escalate:
      return "escalate";
    case Verdict::deny:
      return "deny";
  }
  return "deny";
}

std::string_view name(Effect effect) noexcept {
  switch (effect) {
    case Effect::note:
      return "note";
    case Effect::would_deny:
      return "would_deny";
    case Effect::escalate:
      return "escalate";
    case Effect::deny:
      return "deny";
  }
  return "deny";
}

}  // namespace durward::policy
