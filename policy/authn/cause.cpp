#include "policy/authn/cause.hpp"

#include <array>

namespace durward::authn {
namespace {

// In the order of the enumerators, which the tests compare with the header's text.
constexpr std::array<std::string_view, kDefects> kNames = {
    "credential_missing",    "credential_unread",    "authorization_malformed", "scheme_unknown",   "credential_in_query",
    "method_not_configured", "issuer_unknown",       "algorithm_not_allowed",   "keys_unavailable", "subject_missing",
    "tenant_missing",        "tenant_not_issuers",   "proof_repeated",          "scheme_not_dpop",  "dpop_not_taken",
    "token_not_bound",       "api_key_malformed",    "api_key_unknown",         "api_key_wrong",    "api_key_expired",
    "certificate_untrusted", "certificate_nameless", "scope_missing",
};

}  // namespace

std::string_view name(Defect defect) noexcept { return kNames[static_cast<std::size_t>(defect)]; }

}  // namespace durward::authn
