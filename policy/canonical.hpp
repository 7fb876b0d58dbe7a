#pragma once
#include <string>
#include <string_view>

#include "policy/json.hpp"
#include "policy/outcome.hpp"

/// Canonical JSON. Records, pins and rulebook digests use plain RFC 8785; commitments and fingerprints of foreign values
/// use X, which never merges two number tokens that are not the same number.
namespace durward::json {

/// Why a value has no RFC 8785 form.
struct Unrepresentable {
  std::string why;     // one clause, without text of the value
  std::size_t offset;  // of the number or string in its document
};

/// RFC 8785. Errors: a number that overflows a double; a string with half of a surrogate pair.
policy::Outcome<std::string, Unrepresentable> jcs(Value value);

/// X: RFC 8785, but a number token that is not already the ECMAScript form of its own double stands as it is written.
/// Half of a surrogate pair stays an escape, so that it merges with nothing. Never fails.
std::string x(Value value);

/// ECMAScript Number::toString of a finite double.
std::string number(double value);

/// Appends a JSON string token as RFC 8785 writes it. Invalid UTF-8 becomes U+FFFD.
void append_string(std::string& out, std::string_view utf8);

}  // namespace durward::json
