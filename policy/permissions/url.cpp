#include "policy/permissions/url.hpp"

#include <algorithm>
#include <array>

#include "config/forms.hpp"

namespace durward::policy::permissions {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kLabel = "abcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kSchemeBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+.-";

bool only(std::string_view text, std::string_view bytes) { return text.find_first_not_of(bytes) == std::string_view::npos; }

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool odd(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7F || byte == '\\';
}

/// Length of the scheme before a colon, or 0.
std::size_t scheme_length(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 32) return 0;
  return is_letter(text.front()) && only(text.substr(0, colon), kSchemeBytes) ? colon : 0;
}

/// What some resolver would read as a number, and so the host as an address.
bool numeric(std::string_view label) {
  return only(label, kDigits) || (label.starts_with("0x") && only(label.substr(2), kHex));
}

bool good_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && only(label, kLabel) && label.front() != '-' && label.back() != '-';
}

bool read_name(std::string_view host, Url& out) {
  if (host.empty() || host.size() > 253) return false;
  for (std::string_view rest = host;;) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    if (!good_label(label)) return false;
    if (label.size() < rest.size()) {
      rest.remove_prefix(label.size() + 1);
      continue;
    }
    if (!numeric(label)) return true;
    out.address = read_ipv4(host);
    return out.address.has_value();
  }
}

bool read_port(std::string_view text, std::uint16_t& out) {
  if (text.empty() || text.size() > 5 || !only(text, kDigits) || text.front() == '0') return false;
  unsigned value = 0;
  for (const char c : text) value = value * 10 + static_cast<unsigned>(c - '0');
  if (value > 65535) return false;
  out = static_cast<std::uint16_t>(value);
  return true;
}

/// "host", "host:port", "[v6]", "[v6]:port".
bool read_authority(std::string_view text, Url& out) {
  std::size_t end = 0;
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos) return false;
    out.host = config::lower(text.substr(1, end - 1));
    out.address = read_ipv6(out.host);
    if (!out.address) return false;
    ++end;
  } else {
    end = std::min(text.find(':'), text.size());
    out.host = config::lower(text.substr(0, end));
    if (!read_name(out.host, out)) return false;
  }
  if (end == text.size()) return true;
  return text[end] == ':' && read_port(text.substr(end + 1), out.port);
}

/// Whether a reader that looks only for the next `/` would find a user before another host: "a.example?@b.example/".
bool hidden_user(std::string_view behind) {
  if (behind.empty() || behind.front() == '/') return false;
  return behind.substr(0, behind.find('/')).find('@') != std::string_view::npos;
}

constexpr std::array<std::string_view, 4> kWeb{"http", "https", "ws", "wss"};
// The web's, and those that readers of the web's URLs treat alike.
bool slashes_optional(std::string_view scheme) {
  return scheme == "ftp" || std::find(kWeb.begin(), kWeb.end(), scheme) != kWeb.end();
}

bool under(std::string_view host, std::string_view suffix) {
  return host.ends_with(suffix) && (host.size() == suffix.size() || host[host.size() - suffix.size() - 1] == '.');
}

constexpr std::array<std::string_view, 14> kInside{"localhost", "localdomain", "local", "internal", "intranet",
                                                   "lan",       "home",        "corp",  "private",  "arpa",
                                                   "onion",     "cluster",     "svc",   "consul"};
constexpr std::array<std::string_view, 12> kAnswerWithin{"nip.io", "sslip.io",       "xip.io",        "localtest.me",
                                                         "lvh.me", "vcap.me",        "lacolhost.com", "yoogle.com",
                                                         "1u.ms",  "rebind.network", "rbndr.us",      "nicob.net"};
constexpr std::array<std::string_view, 5> kMetadataNames{"metadata", "metadata.google.internal", "metadata.goog",
                                                         "instance-data", "instance-data.ec2.internal"};

}  // namespace

std::uint16_t web_port(std::string_view scheme) noexcept {
  if (scheme == "https" || scheme == "wss") return 443;
  return scheme == "http" || scheme == "ws" ? 80 : 0;
}

std::optional<Url> read_url(std::string_view text) {
  if (text.size() > kLongestUrl || std::any_of(text.begin(), text.end(), odd)) return std::nullopt;
  const std::size_t length = scheme_length(text);
  if (length == 0 || !text.substr(length).starts_with("://")) return std::nullopt;
  Url out;
  out.scheme = config::lower(text.substr(0, length));
  const std::string_view rest = text.substr(length + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  if (!read_authority(rest.substr(0, end), out) || hidden_user(rest.substr(end))) return std::nullopt;
  if (out.port == 0) out.port = web_port(out.scheme);
  return out;
}

std::optional<Url> read_host(std::string_view text) {
  Url out;
  if (text.size() > kLongestUrl) return std::nullopt;
  // An IPv6 address alone is clear without brackets, too.
  if (auto address = read_ipv6(text)) {
    out.host = config::lower(text);
    out.address = address;
    return out;
  }
  if (!read_authority(text, out)) return std::nullopt;
  return out;
}

std::string scheme_of(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= 0x20) text.remove_prefix(1);
  // Readers of URLs drop tabs and line ends wherever they stand.
  std::string head;
  for (const char c : text.substr(0, 64)) {
    if (c != '\t' && c != '\n' && c != '\r') head += c == '\\' ? '/' : c;
  }
  const std::size_t length = scheme_length(head);
  if (length == 0) return {};
  std::string scheme = config::lower(std::string_view(head).substr(0, length));
  const bool slashes = std::string_view(head).substr(length + 1).starts_with("//");
  return slashes || slashes_optional(scheme) ? scheme : std::string();
}

bool is_metadata(std::string_view host) noexcept {
  return std::find(kMetadataNames.begin(), kMetadataNames.end(), host) != kMetadataNames.end();
}

bool is_special(std::string_view host) noexcept {
  const auto holds = [host](std::string_view suffix) { return under(host, suffix); };
  return host.find('.') == std::string_view::npos || is_metadata(host) || std::any_of(kInside.begin(), kInside.end(), holds) ||
         std::any_of(kAnswerWithin.begin(), kAnswerWithin.end(), holds);
}

}  // namespace durward::policy::permissions
