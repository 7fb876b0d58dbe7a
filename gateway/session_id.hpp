#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/keys.hpp"
#include "config/secret.hpp"
#include "policy/digest.hpp"
#include "policy/outcome.hpp"
#include "policy/principal.hpp"

/// The session ids that the gateway hands to legacy clients in place of the server's (MCP 2025-11-25, Transports, "Session
/// Management"): sealed, self-contained, bound to server and principal. session_id.cpp has their bytes.
namespace durward::gateway {

struct SessionKey {
  std::array<std::uint8_t, 4> id{};
  config::Secret key;  // 32 bytes
};

struct SessionState {
  std::string revision;      // negotiated: one of the legacy revisions
  std::int64_t issued = 0;   // Unix time in seconds
  crypto::Hash principal{};  // policy::Principal::hash of the owner
  std::string upstream_id;   // 1 to 512 bytes of visible ASCII
};

/// Whether an upstream's session id can be sealed: 1 to 512 bytes, 0x21 to 0x7E.
bool is_upstream_session_id(std::string_view id);

class SessionSealer {
 public:
  /// The newest entry (by `from`; of equals the last) seals, all entries open. Errors name the entry, never its key: no entry,
  /// an id that is not 8 hexadecimal digits or not unique, a key that is not 32 bytes.
  static policy::Outcome<SessionSealer, std::string> make(const std::vector<audit::KeyringEntry>& entries);

  /// Errors: upstream_failed, where the upstream's id or the revision cannot be carried.
  policy::Outcome<std::string> seal(std::string_view server, const SessionState& state) const;

  /// Absent whatever the cause: malformed, sealed by nobody we know, for another server or principal, issued in the future by
  /// more than a minute, or older than max_age_s. now in Unix seconds.
  std::optional<SessionState> open(std::string_view server, const crypto::Hash& principal, std::string_view id,
                                   std::int64_t now, std::int64_t max_age_s) const;

 private:
  SessionSealer() = default;
  std::vector<SessionKey> keys_;
  std::size_t newest_ = 0;
};

}  // namespace durward::gateway
