#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "policy/outcome.hpp"

namespace durward::gateway {

/// One header field. The value has no surrounding whitespace where it came through Head::find.
struct Field {
  std::string_view name, value;
};

/// The head of a request or response, seen without an HTTP library. All views belong to whoever filled it in.
struct Head {
  std::string_view method, target;  // empty for a response
  std::vector<Field> fields;        // in wire order, duplicates included
  unsigned version = 11;            // 10 or 11: HTTP/1.0, HTTP/1.1

  /// The first field of that name, without optional whitespace around it; empty if there is none.
  /// Names are compared without regard to case.
  std::string_view find(std::string_view name) const;
  std::size_t count(std::string_view name) const;
};

bool same_name(std::string_view a, std::string_view b);                 // ASCII, ignoring case
std::string_view trimmed(std::string_view value);                       // without SP and HTAB at both ends
bool starts_with_name(std::string_view name, std::string_view prefix);  // ignoring case

/// Everything about a request's head that could be read in two ways is refused, before a byte of the body is looked at:
/// duplicates of fields that decide something, a missing Host, hop-by-hop tricks, framing conflicts, control characters,
/// targets that are not in origin form. Errors: http_malformed; header_mismatch for duplicates of MCP's own fields.
policy::Outcome<void> check_head(const Head& head);

/// Whether wire.md names this field: `Connection` may not nominate it.
bool is_protected(std::string_view name);

}  // namespace durward::gateway
