#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace durward::gateway {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// ASCII, ignoring case.
constexpr bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  return true;
}

/// Ignoring case.
constexpr bool starts_with_name(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() && same_name(name.substr(0, prefix.size()), prefix);
}

/// A field name that means something to the gateway.
struct KnownField {
  std::string_view name;
  bool once;        // a second one could be read by somebody else
  bool protected_;  // `Connection` may not nominate it: the next hop drops what is nominated
};

inline constexpr bool kOnce = true, kMany = false, kProtected = true, kFree = false;

/// By length, so that a name is compared with few.
inline constexpr std::array kFields = std::to_array<KnownField>({
    {"dpop", kOnce, kProtected},
    {"host", kOnce, kProtected},
    {"allow", kMany, kProtected},
    {"accept", kMany, kProtected},
    {"cookie", kMany, kProtected},
    {"expect", kOnce, kFree},
    {"origin", kOnce, kProtected},
    {"baggage", kMany, kProtected},
    {"mcp-name", kOnce, kProtected},
    {"forwarded", kMany, kProtected},
    {"ratelimit", kMany, kProtected},
    {"x-node-id", kMany, kProtected},
    {"x-span-id", kMany, kProtected},
    {"connection", kMany, kFree},
    {"mcp-method", kOnce, kProtected},
    {"set-cookie", kMany, kProtected},
    {"tracestate", kMany, kProtected},
    {"x-trace-id", kMany, kProtected},
    {"retry-after", kMany, kProtected},
    {"traceparent", kOnce, kProtected},
    {"x-agent-ref", kMany, kProtected},
    {"content-type", kOnce, kProtected},
    {"x-cause-span", kMany, kProtected},
    {"authorization", kOnce, kProtected},
    {"cache-control", kMany, kProtected},
    {"last-event-id", kOnce, kProtected},
    {"x-agent-state", kMany, kProtected},
    {"x-cause-trace", kMany, kProtected},
    {"content-length", kOnce, kProtected},
    {"mcp-session-id", kOnce, kProtected},
    {"accept-encoding", kMany, kProtected},
    {"idempotency-key", kOnce, kProtected},
    {"x-forwarded-for", kMany, kProtected},
    {"content-encoding", kOnce, kProtected},
    {"ratelimit-policy", kMany, kProtected},
    {"www-authenticate", kMany, kProtected},
    {"x-forwarded-host", kMany, kProtected},
    {"transfer-encoding", kMany, kProtected},  // a list: its lines are judged together
    {"x-accel-buffering", kMany, kProtected},
    {"x-forwarded-proto", kMany, kProtected},
    {"x-idempotency-key", kOnce, kProtected},
    {"x-agent-parent-ref", kMany, kProtected},
    {"proxy-authorization", kOnce, kFree},
    {"mcp-protocol-version", kOnce, kProtected},
});

using FieldIndex = std::uint8_t;
inline constexpr FieldIndex kUnknownField = 0xFF;

namespace detail {
inline constexpr std::size_t kLongest = kFields.back().name.size();
static_assert(std::is_sorted(kFields.begin(), kFields.end(),
                             [](const KnownField& a, const KnownField& b) { return a.name.size() < b.name.size(); }));
static_assert(kFields.size() < 64, "a set of fields is a word");

// Where the names of each length begin.
inline constexpr auto kByLength = [] {
  std::array<FieldIndex, kLongest + 2> first{};
  for (std::size_t length = 0; length < first.size(); ++length)
    for (const KnownField& field : kFields)
      if (field.name.size() < length) ++first[length];
  return first;
}();
}  // namespace detail

/// Its place in kFields, or kUnknownField.
constexpr FieldIndex field_index(std::string_view name) {
  if (name.empty() || name.size() > detail::kLongest) return kUnknownField;
  for (FieldIndex i = detail::kByLength[name.size()]; i < detail::kByLength[name.size() + 1]; ++i)
    if (lower(name.front()) == kFields[i].name.front() && same_name(name, kFields[i].name)) return i;
  return kUnknownField;
}

}  // namespace durward::gateway
