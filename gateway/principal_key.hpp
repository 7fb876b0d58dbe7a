#pragma once
#include <string>

#include "policy/principal.hpp"

namespace durward::gateway {

/// JCS([tenant, issuer, subject, client_id]): the one form in which sessions and budgets are keyed on a caller.
std::string principal_key(const policy::Principal& principal);

}  // namespace durward::gateway
