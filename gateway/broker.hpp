#pragma once
#include <string>
#include <vector>

#include "gateway/credentials.hpp"
#include "policy/json.hpp"

/// Secrets that agents name and never see: `secret://NAME` as the whole of a declared argument. Pure.
namespace durward::gateway {

/// A place in a call's arguments, and what the server gets there.
struct Brokered {
  json::Value place;
  const LoadedSecret* secret;
  std::string pointer;  // into the arguments; only where a declared pointer says so, so that it repeats no text of the caller's
};

struct Brokerage {
  std::vector<Brokered> put;
  bool refused = false;  // a name that is unknown, for other callers or tools, or at a place that was not declared: all alike
};

inline constexpr std::string_view kSecretScheme = "secret://";

/// Looks at every string of the arguments. Where no secret is configured, nothing is special about such text.
Brokerage broker(const Credentials& credentials, const policy::Principal& principal, const policy::ToolRef& tool,
                 json::Value arguments);

}  // namespace durward::gateway
