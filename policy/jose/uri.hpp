#pragma once
#include <optional>
#include <string>
#include <string_view>

/// Internal to policy/jose.
namespace durward::jose {

/// scheme://host[:port]/path of an http or https URI after RFC 3986 sections 6.2.2 and 6.2.3: scheme and host in lower case, no
/// default port, escapes of unreserved characters undone and others in upper case, "/" for an empty path; query and fragment
/// cut off. Absent for everything else, and for user information and dot segments.
std::optional<std::string> normal_uri(std::string_view uri);

}  // namespace durward::jose
