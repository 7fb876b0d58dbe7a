#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "gateway/fields.hpp"
#include "policy/outcome.hpp"

namespace durward::gateway {

/// One header field, as it came, but for the whitespace around the value.
struct Field {
  std::string_view name, value;
};

/// The head of a request or response, seen without an HTTP library. All views belong to whoever filled it in.
struct Head {
  std::string_view method, target;  // empty for a response
  std::vector<Field> fields;        // in wire order, duplicates included
  unsigned version = 11;            // 10 or 11: HTTP/1.0, HTTP/1.1; of a request also 0: some other protocol

  /// The first field of that name, without optional whitespace around it; empty if there is none.
  /// Names are compared without regard to case.
  std::string_view find(std::string_view name) const;
  std::size_t count(std::string_view name) const;
};

/// Where the body of a message ends, and whether another message may follow it on the connection.
struct Framing {
  enum class End : std::uint8_t { at_once, length, chunked, close };
  End end = End::at_once;
  std::uint64_t length = 0;  // where end is length; more than 0
  bool keep_alive = true;
};

bool is_token(std::string_view text);              // RFC 9110, 5.6.2
std::string_view trimmed(std::string_view value);  // without SP and HTAB at both ends

/// Everything about a request's head that could be read in two ways is refused, before a byte of the body is looked at:
/// duplicates of fields that decide something, a missing Host, hop-by-hop tricks, framing conflicts, targets that are no path
/// of ours. That its bytes are what a head may consist of has been checked (gateway/strict). Errors: http_malformed;
/// http_version; http_method_not_allowed; coding_unknown, where the framing is clear; header_mismatch for duplicates of MCP's
/// own fields; host_forbidden for a target with an authority that is not the Host's.
policy::Outcome<Framing> check_request(const Head& head);

/// The same for a response of this status: its framing can be read in one way only. Error: upstream_failed.
policy::Outcome<Framing> check_response(const Head& head, unsigned status);

/// Whether a field may come behind the body of a request, where nobody reads it: none that frames, routes or authorises.
bool may_trail(std::string_view name);

/// The path and query of a target in origin form, or in absolute form.
std::string_view path_and_query(std::string_view target);

/// Whether a field frames, routes, authorises, traces or belongs to MCP: `Connection` (RFC 9110, 7.6.1) may not nominate it.
bool is_protected(std::string_view name);

}  // namespace durward::gateway
