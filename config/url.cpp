#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/forms.hpp"

namespace durward::config {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHex = "0123456789abcdefABCDEF";
constexpr std::string_view kHostBytes = "abcdefghijklmnopqrstuvwxyz0123456789-_";
// RFC 3986 pchar and "/".
constexpr std::string_view kPathBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%!$&'()*+,;=:@/";

bool only(std::string_view text, std::string_view bytes) { return text.find_first_not_of(bytes) == std::string_view::npos; }

bool is_address(int family, std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> out{};
  return inet_pton(family, std::string(text).c_str(), out.data()) == 1;
}

bool is_name(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  std::string_view last;
  for (std::size_t from = 0; from <= host.size();) {
    const std::size_t dot = std::min(host.find('.', from), host.size());
    last = host.substr(from, dot - from);
    if (last.empty() || last.size() > 63 || !only(last, kHostBytes) || last.front() == '-' || last.back() == '-') return false;
    from = dot + 1;
  }
  const bool numeric = only(last, kDigits) || (last.substr(0, 2) == "0x" && only(last.substr(2), kHex));
  return !numeric || is_address(AF_INET, host);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.size() > 5) return std::nullopt;
  const Measured number = measure(text, Unit::count);
  if (!number.value || *number.value == 0 || *number.value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*number.value);
}

std::uint16_t usual_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

bool escapes_are_whole(std::string_view path) {
  for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
    if (at + 2 >= path.size() || !only(path.substr(at + 1, 2), kHex)) return false;
  }
  return true;
}

bool has_dot_segment(std::string_view path) {
  for (std::size_t from = 1; from <= path.size();) {
    const std::size_t slash = std::min(path.find('/', from), path.size());
    const std::string segment = lower(path.substr(from, slash - from));
    if (segment == "." || segment == ".." || segment.find("%2e") != std::string::npos) return true;
    from = slash + 1;
  }
  return false;
}

const char* judge_path(std::string_view path) {
  if (path.find('?') != std::string_view::npos) return "must not have a query: write the path alone";
  if (path.find('#') != std::string_view::npos) return "must not have a fragment (#…)";
  if (!only(path, kPathBytes) || !escapes_are_whole(path)) return "has a character in its path that must be written as %XX";
  if (has_dot_segment(path)) return "must not have . or .. in its path";
  return nullptr;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_loopback(std::string_view address) {
  return address == "::1" || (is_address(AF_INET, address) && address.substr(0, 4) == "127.");
}

bool is_local(std::string_view host) { return host == "localhost" || is_loopback(host); }

std::optional<Authority> parse_authority(std::string_view text) {
  Authority out;
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    out.host = lower(text.substr(1, end - 1));
    if (!is_address(AF_INET6, out.host)) return std::nullopt;
    port = text.substr(end + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    out.host = lower(text.substr(0, colon));
    if (!is_name(out.host)) return std::nullopt;
    port = text.substr(colon);
  }
  if (port.empty()) return out;
  const auto number = port.front() == ':' ? parse_port(port.substr(1)) : std::nullopt;
  if (!number) return std::nullopt;
  out.port = *number;
  return out;
}

std::optional<Url> parse_url(std::string_view text, std::string& error) {
  const std::size_t colon = text.find("://");
  const std::string scheme = colon == std::string_view::npos ? "" : lower(text.substr(0, colon));
  if (scheme != "https" && scheme != "http") {
    error = "must be a URL such as http://127.0.0.1:3001/mcp or https://tools.example.com/mcp";
    return std::nullopt;
  }
  const std::string_view rest = text.substr(colon + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#\\"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  if (authority.find('@') != std::string_view::npos) {
    error = "must not have a user or password in it";
    return std::nullopt;
  }
  const auto parsed = parse_authority(authority);
  if (!parsed) {
    error = "must have a host name or address, and a port from 1 to 65535 if it has one";
    return std::nullopt;
  }
  const std::string_view path = rest.substr(end);
  const char* problem = judge_path(path);
  if (problem != nullptr) {
    error = problem;
    return std::nullopt;
  }
  return Url{scheme, parsed->host, parsed->port == 0 ? usual_port(scheme) : parsed->port,
             path.empty() ? "/" : std::string(path)};
}

std::string Url::authority() const {
  std::string out = host.find(':') == std::string::npos ? host : '[' + host + ']';
  if (port != usual_port(scheme)) out.append(":").append(std::to_string(port));
  return out;
}

}  // namespace durward::config
