#pragma once
#include <string_view>

#include "policy/authn/cause.hpp"

/// The credential in a request's head. The caller has seen to it that the header comes once.
namespace durward::authn {

enum class Scheme : std::uint8_t { bearer, dpop };

struct Authorization {
  Scheme scheme = Scheme::bearer;
  std::string_view token;  // never empty; views what was read
};

/// The value of an Authorization header (RFC 9110 section 11.4): a scheme in any case, spaces, one token68. Errors:
/// authorization_malformed, scheme_unknown.
Outcome<Authorization> read_authorization(std::string_view value);

/// Whether a request target's query has a parameter `access_token`, in any case, escaped or not.
bool has_token_in_query(std::string_view target);

/// Whether a token has the form of an API key: `dw_`, and no dot in it. What form it must have beyond that is for ApiKeys.
bool is_api_key(std::string_view token);

}  // namespace durward::authn
