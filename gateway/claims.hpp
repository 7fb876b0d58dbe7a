#pragma once
#include <string>
#include <string_view>

/// What an agent says of itself in the seed's hop headers (`x-node-id`, `x-agent-ref`, `x-agent-parent-ref`): claims, which are
/// recorded as commitments and decide nothing.
namespace durward::gateway {

/// Trimmed, lower case, runs outside [a-z0-9-] become one `-`, none at the ends, at most 80 characters.
std::string node_id(std::string_view claimed);
/// Trimmed, runs outside [A-Za-z0-9._:-] become one `_`, at most 120 characters.
std::string agent_ref(std::string_view claimed);

}  // namespace durward::gateway
