#pragma once
#include <optional>
#include <string>

#include "gateway/message.hpp"
#include "policy/rulebook.hpp"

namespace durward::gateway {

/// Why an exchange, or one element of a batch, is refused, with all that the answer and the record need.
struct Refused {
  Refused(policy::Violation v) : violation(std::move(v)) {}  // NOLINT(google-explicit-constructor)
  Refused(policy::Denial d)
      : violation(std::move(d.violation)),
        decision(std::move(d.decision)),
        explanation(std::move(d.explanation)) {}  // NOLINT(google-explicit-constructor)
  Refused(Unread u)
      : violation(std::move(u.violation)),
        id(std::move(u.id)),
        requested(std::move(u.requested)),
        era(u.era) {}  // NOLINT(google-explicit-constructor)
  policy::Violation violation;
  std::optional<policy::Decision> decision;
  std::string explanation;  // of arguments_invalid, for the model
  std::string id, requested, method, name;
  std::string challenge;    // WWW-Authenticate, or empty
  std::string_view effect;  // "none" or "unknown" where a call may have run; else empty
  Era era = Era::legacy;
  Shape shape = Shape::request;
  std::string_view allow = "POST, GET, DELETE";  // of http_method_not_allowed
  bool recorded = false;                         // its record is written
  bool answered = false;                         // the caller has its answer, and the record is written: nothing is left to do
};

using Served = policy::Outcome<void, Refused>;

}  // namespace durward::gateway
