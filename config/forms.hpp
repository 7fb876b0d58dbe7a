#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "config/fields.hpp"

/// The kinds of text that settings are made of.
namespace durward::config {

extern const Form kText;        // 1 to 256 bytes
extern const Form kPath;        // absolute, or relative to the file
extern const Form kAddress;     // an IP address
extern const Form kHost;        // host[:port] as in a Host header
extern const Form kWebOrigin;   // scheme://host[:port] as in an Origin header
extern const Form kUrl;         // of an upstream: see parse_url; http only
extern const Form kServerName;  // [a-z0-9][a-z0-9_-]{0,62}
extern const Form kToolGlob;
extern const Form kSecretRef;     // file://… or env://NAME
extern const Form kFileRef;       // file://…
extern const Form kLedgerOrigin;  // [a-z0-9][a-z0-9./-]{2,126}, without the reserved beginnings
extern const Form kPattern;       // what `policy/` interprets
extern const Form kIssuer;        // https://…, or http:// on loopback
extern const Form kKeySet;        // likewise, or file://…
extern const Form kPublicUrl;     // likewise, without a path
extern const Form kClaim;         // a claim's name, or a JSON Pointer
extern const Form kScope;         // RFC 6749 section 3.3
extern const Form kTokenUrl;      // as kIssuer, with a path
extern const Form kHeaderName;    // of a credential: a token, and none that frames, routes or is minted by us
extern const Form kHeaderText;    // visible ASCII without spaces
extern const Form kPointer;       // a JSON Pointer; a step may be `*`
extern const Form kArgument;      // likewise, without a step `*`
extern const Form kHours;         // "08:00-18:00"
extern const Form kOffset;        // "+01:00"
extern const Form kKeyPath;       // a.b.c
extern const Form kRuleId;        // [A-Za-z0-9][A-Za-z0-9._-]{0,63}

/// http://host[:port][/path], or https. On failure error says what is wrong, without repeating any of text.
std::optional<Url> parse_url(std::string_view text, std::string& error);

/// Whether an IP address in text form is in 127.0.0.0/8 or ::1.
bool is_loopback(std::string_view address);

/// Whether a host in a URL is this machine: localhost, or an address of loopback.
bool is_local(std::string_view host);

/// ASCII only.
std::string lower(std::string_view text);

/// "host", "host:port", "[v6]", "[v6]:port". port 0: none is written. Nothing if it is none of these. host comes in lower
/// case and without brackets. A last label that looks like a number must belong to a dotted quad, so that no resolver reads
/// an address in it that a reader does not see.
struct Authority {
  std::string host;
  std::uint16_t port = 0;
};
std::optional<Authority> parse_authority(std::string_view text);

}  // namespace durward::config
