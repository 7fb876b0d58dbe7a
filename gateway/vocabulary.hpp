#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "policy/rulebook.hpp"

/// The words of MCP: revisions, and the methods that each side may use in each era. What is not here is not allowed.
namespace durward::gateway {

/// modern: 2026-07-28, stateless. legacy: 2025-03-26 to 2025-11-25, with sessions.
enum class Era : std::uint8_t { modern, legacy };
std::string_view name(Era era) noexcept;

/// What the gateway speaks, newest first.
inline constexpr std::array<std::string_view, 4> kRevisions{"2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"};
inline constexpr std::string_view kModern = kRevisions[0];
inline constexpr std::string_view kBatching = kRevisions[3];  // the only revision with batches

inline constexpr std::string_view kVersionKey = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view kClientInfoKey = "io.modelcontextprotocol/clientInfo";

bool speaks(std::string_view revision);         // any of kRevisions
bool speaks_legacy(std::string_view revision);  // any but the first
/// Whether a revision, known or not, is of the modern era: it sorts at or after 2026-07-28.
bool is_modern(std::string_view revision);

/// What a client may send up. A request's method sent without an id is not a notification of that name, and is not allowed.
bool client_may_send(Era era, std::string_view method, bool is_request);
/// What an upstream server may send down on a stream.
bool server_may_send(Era era, std::string_view method, bool is_request);

/// What a method names, where that is fixed by the method alone. completion/complete names what its `ref` says: none here.
policy::Target target_of(std::string_view method);
/// The `params` member that holds the name: "name", "uri", or empty.
std::string_view name_member(std::string_view method);
/// Whether Mcp-Name must mirror that member on modern traffic.
bool mirrors_name(std::string_view method);

}  // namespace durward::gateway
