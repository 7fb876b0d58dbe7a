#include "policy/codes_reference.hpp"

#include "policy/codes.hpp"

namespace durward::policy {
namespace {

/// What is wrong where a code is raised. One place raises each.
std::string_view meaning(Code code) {
  switch (code) {
    case Code::tool_not_in_allowlist:
      return "a tool that allowlist or entitlements do not allow, or a denylist denies";
    case Code::version_unpinned:
      return "a version that `security.allow_versions` does not list; with `deny_if_unpinned_version` a tool that no entry "
             "allows by a version without `*`";
    case Code::payload_too_large:
      return "arguments above `security.limits.max_payload_kb`";
    case Code::duration_too_long:
      return "a tool call that took longer than `security.limits.max_duration_ms`; cut off where it denies or escalates";
    case Code::method_not_allowed:
      return "a method that no revision has, or that `servers.<name>.methods` does not allow";
    case Code::prompt_not_in_allowlist:
      return "a prompt that `servers.<name>.prompts` does not allow";
    case Code::resource_not_in_allowlist:
      return "a resource that `servers.<name>.resources` does not allow";
    case Code::secret_denied:
      return "an argument that names a brokered secret which this call may not have";
    case Code::secret_brokered:
      return "a brokered secret took the place of its name in the arguments";
    case Code::credential_echoed:
      return "a server repeated a credential in its answer; it was taken out";
    case Code::schema_violation:
      return "arguments that break the tool's own schema, or cost too much to hold against it";
    case Code::rule:
      return "a rule matched; its id stands beside the code";
    case Code::no_allow_rule:
      return "a tool that a rule with `effect: allow` names, and a call that matches none of these rules";
    case Code::policy_error:
      return "a rule that could not be asked (a missing argument, a value of another type, too costly an expression), or a "
             "tool whose schema cannot be used";
    case Code::stream_closed:
      return "a server closed a stream before its answer";
    default:
      return "";
  }
}

std::string_view decided_by(const CodeInfo& code) {
  switch (code.of) {
    case CodeClass::listed:
      return "`deny_on`, `escalate_on`";
    case CodeClass::note:
      return "nothing: it is noted";
    case CodeClass::own_effect:
      break;
  }
  if (code.code == Code::rule) return "the rule's `effect`";
  return code.code == Code::policy_error ? "denies in every mode" : "denies";
}

std::string raised(const CodeInfo& code) {
  if (code.raised == Raised::yes) return std::string(meaning(code.code));
  return code.raised == Raised::not_yet ? "*not raised yet*" : "*never raised here: a gateway cannot see what it is about*";
}

}  // namespace

std::string codes_markdown() {
  std::string out = "| code | severity | raised by | decided by |\n|---|---|---|---|\n";
  for (std::size_t i = 0; i < kCodes; ++i) {
    const CodeInfo& code = info(static_cast<Code>(i));
    out += "| `" + std::string(code.name) + "` | " + std::string(name(code.severity)) + " | " + raised(code) + " | " +
           std::string(decided_by(code)) + " |\n";
  }
  return out;
}

}  // namespace durward::policy
