#include "gateway/origin.hpp"

#include <algorithm>
#include <string_view>

#include "gateway/head.hpp"

namespace durward::gateway {
namespace {

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

bool holds(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// As a Host header writes an address: IPv6 in brackets.
std::string authority(std::string_view address) {
  const bool bare_v6 = address.find(':') != std::string_view::npos && !address.starts_with('[');
  return lowered(bare_v6 ? "[" + std::string(address) + "]" : std::string(address));
}

bool has_port(std::string_view authority_text) {
  const std::size_t bracket = authority_text.rfind(']');
  return authority_text.find(':', bracket == std::string_view::npos ? 0 : bracket) != std::string_view::npos;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

constexpr std::string_view kLocal[] = {"localhost", "127.0.0.1", "[::1]"};

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address == "[::1]" || address == "localhost";
}

bool is_any(std::string_view address) { return address == "0.0.0.0" || address == "::" || address == "[::]"; }

// Enumerated: `*` does not cover Authorization, and a header that is not listed fails the preflight.
constexpr std::string_view kAllowHeaders =
    "authorization, dpop, content-type, accept, mcp-method, mcp-name, mcp-protocol-version, mcp-session-id, last-event-id, "
    "idempotency-key, x-idempotency-key, traceparent, tracestate, baggage";
constexpr std::string_view kExposeHeaders =
    "mcp-session-id, www-authenticate, retry-after, ratelimit, ratelimit-policy, x-trace-id, x-span-id, x-durward-entry";

/// The Mcp-Param-* names of a list of field names, each after a comma. At most 64: tools have few parameters.
std::string parameters(std::string_view requested) {
  constexpr std::string_view prefix = "mcp-param-";
  std::string out;
  for (int taken = 0; !requested.empty() && taken < 64;) {
    const std::size_t comma = requested.find(',');
    const std::string name = lowered(trimmed(requested.substr(0, comma)));
    requested = comma == std::string_view::npos ? std::string_view() : requested.substr(comma + 1);
    const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
    if (!plain || !name.starts_with(prefix) || name == prefix) continue;
    out.append(", ").append(name);
    ++taken;
  }
  return out;
}

}  // namespace

Doorplate::Doorplate(const config::Listen& listen, std::uint16_t bound_port) : loopback_(is_loopback(listen.address.value)) {
  const std::string port = ":" + std::to_string(bound_port);
  const auto add = [&](const std::string& host) {
    hosts_.push_back(host + port);
    if (bound_port == (listen.tls.given() ? 443 : 80)) hosts_.push_back(host);  // the port that a Host header may leave out
  };
  const std::string& address = listen.address.value;
  if (!is_any(address)) add(authority(address));
  if (loopback_ || is_any(address)) {
    for (const std::string_view host : kLocal) add(std::string(host));
  }
  for (const auto& host : listen.hosts) {
    hosts_.push_back(lowered(host.value));
    if (!has_port(host.value)) hosts_.push_back(lowered(host.value) + port);
  }
  const std::string& base = listen.public_url.value;
  if (!base.empty()) hosts_.push_back(lowered(std::string_view(base).substr(base.find("://") + 3)));
  for (const auto& origin : listen.cors_origins) origins_.push_back(lowered(origin.value));
}

bool Doorplate::host_allowed(std::string_view host) const { return holds(hosts_, lowered(host)); }

bool Doorplate::origin_allowed(std::string_view origin) const {
  if (origin.empty() || holds(origins_, lowered(origin))) return true;
  if (!loopback_) return false;
  const std::string low = lowered(origin);
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!low.starts_with(scheme)) continue;
    const std::string_view rest = std::string_view(low).substr(scheme.size());
    for (const std::string_view host : kLocal) {
      if (rest == host) return true;
      if (rest.starts_with(host) && rest[host.size()] == ':' && is_port(rest.substr(host.size() + 1))) return true;
    }
  }
  return false;
}

Doorplate::Headers Doorplate::cors(std::string_view origin) const {
  if (origin.empty() || !holds(origins_, lowered(origin))) return {};
  return {{"access-control-allow-origin", std::string(origin)},
          {"access-control-expose-headers", std::string(kExposeHeaders)},
          {"vary", "Origin"}};
}

Doorplate::Headers Doorplate::preflight(std::string_view origin, std::string_view requested) const {
  Headers headers = cors(origin);
  if (headers.empty()) return headers;
  headers.emplace_back("access-control-allow-methods", "POST, GET, DELETE");
  headers.emplace_back("access-control-allow-headers", std::string(kAllowHeaders) + parameters(requested));
  headers.emplace_back("access-control-max-age", "600");
  return headers;
}

}  // namespace durward::gateway
