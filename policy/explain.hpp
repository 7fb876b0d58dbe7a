#pragma once
#include <optional>
#include <string>
#include <vector>

#include "policy/principal.hpp"
#include "policy/rulebook.hpp"
#include "policy/rules/rules.hpp"

namespace durward::policy {

/// A request that nobody has made: who would make it, of what, with which arguments. Views of the document that it was read
/// from.
struct Supposed {
  Identity who;
  std::string server, method = "tools/call", name, version;
  Target target = Target::tool;
  Listing listing = Listing::listed;
  Call call;
  json::Value schema;  // of the tool's arguments; absent: none is known
};

/// What would be decided, and why. No proof of anything: neither the caller nor the grant leaves `explain`.
struct Explanation {
  bool allowed = false;
  std::optional<Reason> reason;  // of the refusal
  std::string wrong;             // with the arguments, by the schema
  Decision decision;
  std::vector<rules::Told> rules;
};

/// From JSON: `{"server", "tool" | "prompt" | "resource" | "method", "arguments", "version", "listing", "schema", "time",
/// "principal": {"tenant", "issuer", "subject", "client_id", "email", "method", "groups", "roles", "scopes", "claims"}}`.
/// now: where no time is given. Errors: one sentence, with the pointer.
Outcome<Supposed, std::string> read_supposed(json::Value request, std::int64_t now);

/// Decides as the gateway would. Pure.
Explanation explain(const Rulebook& rulebook, const Supposed& supposed);

/// As lines for a terminal, and as one line of JSON. Both name conditions and codes, and no text of the arguments.
std::string as_text(const Explanation& explanation);
std::string as_json(const Explanation& explanation);

}  // namespace durward::policy
