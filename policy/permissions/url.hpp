#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/permissions/address.hpp"

namespace durward::policy::permissions {

/// What an absolute URL reaches. Only what every reader of the text reads in the same way becomes one.
struct Url {
  std::string scheme;              // lower case; empty where only host[:port] was read
  std::string host;                // lower case; an IPv6 address without brackets
  std::optional<Address> address;  // of a host that is one
  std::uint16_t port = 0;          // the scheme's own where none is written; 0: none is known
};

/// A longer URL is refused (bytes).
inline constexpr std::size_t kLongestUrl = 8192;

/// Reads `scheme://host[:port]…`. Nothing where readers could differ, or where text hides what it reaches: white space, control
/// characters or backslashes anywhere; a user; a host that is empty, percent-encoded, beyond ASCII, ends with a dot or has an
/// empty label; a last label that is a number, unless the host is a dotted quad in plain decimal; a zone; a port that is
/// empty, 0, above 65535 or begins with 0; an `@` behind a `?` or `#` that follows the host at once.
std::optional<Url> read_url(std::string_view text);

/// The same for `host`, `host:port`, an IPv4 or IPv6 address (in brackets where a port follows).
std::optional<Url> read_host(std::string_view text);

/// The scheme of a text that some reader would take for an absolute URL, in lower case, or empty: `x://…`, and for the schemes
/// of the web also without the slashes and with backslashes. Leading white space and control characters are passed over, as
/// browsers do.
std::string scheme_of(std::string_view text);

/// The port of http, https, ws and wss, 0 for other schemes.
std::uint16_t web_port(std::string_view scheme) noexcept;

/// Names that lead into networks of their own: one label alone, localhost, .local, .internal and their like, metadata services,
/// and public names that answer with an address written in them.
bool is_special(std::string_view host) noexcept;
bool is_metadata(std::string_view host) noexcept;

}  // namespace durward::policy::permissions
