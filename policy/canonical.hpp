#pragma once
#include <string>
#include <string_view>

#include "policy/json.hpp"
#include "policy/outcome.hpp"

/// Canonical JSON. Records, pins and rulebook digests use plain RFC 8785; commitments and fingerprints of foreign values
/// use X (ledger.md), which never merges two number tokens that are not the same number.
namespace durward::json {

/// RFC 8785. Errors: a number that a double cannot hold (overflow). Lone surrogates cannot occur: the parser maps none of them here; they are refused as an error too.
policy::Outcome<std::string, std::string> jcs(Value value);

/// X: RFC 8785, but a number token that is not already the ECMAScript form of its own double stands as it is written.
std::string x(Value value);

/// ECMAScript Number::toString of a finite double.
std::string number(double value);

/// A JSON string token as RFC 8785 writes it, from UTF-8.
void append_string(std::string& out, std::string_view utf8);

}  // namespace durward::json
