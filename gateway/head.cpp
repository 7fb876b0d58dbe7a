#include "gateway/head.hpp"

#include <algorithm>
#include <array>

namespace durward::gateway {
namespace {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_token_char(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char); }

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7F;
  });
}

// Fields of which a second one could be read by somebody else, besides everything that begins with `mcp-`.
constexpr std::array<std::string_view, 13> kSingle{
    "authorization", "host",          "content-type", "content-length",  "content-encoding",  "transfer-encoding",
    "origin",        "last-event-id", "traceparent",  "idempotency-key", "x-idempotency-key", "proxy-authorization",
    "expect"};

// What `Connection` may not nominate, besides `mcp-*`, `x-durward-*` and `access-control-*`: a nominated field is dropped by
// the next hop.
constexpr std::array<std::string_view, 36> kProtected{"accept",
                                                      "accept-encoding",
                                                      "allow",
                                                      "authorization",
                                                      "baggage",
                                                      "cache-control",
                                                      "content-encoding",
                                                      "content-length",
                                                      "content-type",
                                                      "cookie",
                                                      "forwarded",
                                                      "host",
                                                      "idempotency-key",
                                                      "last-event-id",
                                                      "origin",
                                                      "ratelimit",
                                                      "ratelimit-policy",
                                                      "retry-after",
                                                      "set-cookie",
                                                      "traceparent",
                                                      "tracestate",
                                                      "transfer-encoding",
                                                      "www-authenticate",
                                                      "x-accel-buffering",
                                                      "x-agent-parent-ref",
                                                      "x-agent-ref",
                                                      "x-agent-state",
                                                      "x-cause-span",
                                                      "x-cause-trace",
                                                      "x-forwarded-for",
                                                      "x-forwarded-host",
                                                      "x-forwarded-proto",
                                                      "x-idempotency-key",
                                                      "x-node-id",
                                                      "x-span-id",
                                                      "x-trace-id"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view each) { return same_name(each, name); });
}

Outcome<void> malformed(std::string detail) { return Violation(Reason::http_malformed, std::move(detail)); }

Outcome<void> check_fields(const Head& head) {
  for (const Field& field : head.fields) {
    if (!is_token(field.name)) return malformed("a field name that is not a token");
    if (has_control(field.value)) return malformed("a control character in a field value");
    const bool mcp = starts_with_name(field.name, "mcp-");
    if (!mcp && !among(kSingle, field.name)) continue;
    if (head.count(field.name) == 1) continue;
    if (mcp) return Violation(Reason::header_mismatch, "an Mcp- field stands twice");
    return malformed("a field that may stand once stands twice");
  }
  return {};
}

Outcome<void> check_connection(const Head& head) {
  for (const Field& field : head.fields) {
    if (!same_name(field.name, "connection")) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const std::size_t comma = rest.find(',');
      const std::string_view option = trimmed(rest.substr(0, comma));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      if (option.empty()) continue;
      if (!is_token(option)) return malformed("a Connection option that is not a token");
      if (is_protected(option)) return malformed("Connection nominates a field that the gateway reads");
    }
  }
  return {};
}

Outcome<void> check_framing(const Head& head) {
  const bool sized = head.count("content-length") != 0;
  const bool coded = head.count("transfer-encoding") != 0;
  if (sized && coded) return malformed("both Content-Length and Transfer-Encoding");
  if (sized) {
    const std::string_view length = head.find("content-length");
    const bool digits = std::all_of(length.begin(), length.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (length.empty() || length.size() > 18 || !digits) return malformed("a Content-Length that is not a number");
  }
  if (coded && (head.version != 11 || !same_name(head.find("transfer-encoding"), "chunked"))) {
    return malformed("a Transfer-Encoding other than chunked");
  }
  return {};
}

bool is_origin_form(std::string_view target) {
  if (target.empty() || target.front() != '/') return false;
  return std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '#' && c != '\\'; });
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool starts_with_name(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() && same_name(name.substr(0, prefix.size()), prefix);
}

std::string_view trimmed(std::string_view value) {
  const std::size_t first = value.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return value.substr(first, value.find_last_not_of(" \t") - first + 1);
}

std::string_view Head::find(std::string_view name) const {
  for (const Field& field : fields) {
    if (same_name(field.name, name)) return trimmed(field.value);
  }
  return {};
}

std::size_t Head::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(fields.begin(), fields.end(), [&](const Field& field) { return same_name(field.name, name); }));
}

bool is_protected(std::string_view name) {
  for (const std::string_view prefix : {"mcp-", "x-durward-", "access-control-"}) {
    if (starts_with_name(name, prefix)) return true;
  }
  return among(kProtected, name);
}

Outcome<void> check_head(const Head& head) {
  if (!is_token(head.method)) return malformed("a method that is not a token");
  if (!is_origin_form(head.target)) return malformed("a target that is not in origin form");
  if (auto checked = check_fields(head); !checked) return checked;
  if (head.find("host").empty()) return malformed("no Host");
  if (auto checked = check_framing(head); !checked) return checked;
  return check_connection(head);
}

}  // namespace durward::gateway
