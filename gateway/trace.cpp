#include "gateway/trace.hpp"

#include <algorithm>
#include <array>

#include "audit/random.hpp"
#include "policy/digest.hpp"

namespace durward::gateway {
namespace {

constexpr std::size_t kStateBytes = 512;
constexpr std::size_t kStateMembers = 32;
constexpr std::size_t kBaggageMembers = 180;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) { return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos; }

std::uint8_t two_digits(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  return static_cast<std::uint8_t>(digit(text[0]) * 16 + digit(text[1]));
}

template <std::size_t N>
std::string random_id() {
  std::array<unsigned char, N> bytes{};
  do {
    audit::random_id_bytes(bytes.data(), bytes.size());
  } while (std::all_of(bytes.begin(), bytes.end(), [](unsigned char c) { return c == 0; }));
  return crypto::hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// All fields of that name as one list, or empty where it breaks a bound.
std::string joined(const Head& head, std::string_view name, std::size_t max_bytes, std::size_t max_members) {
  std::string all;
  for (const Field& field : head.fields) {
    if (!same_name(field.name, name) || trimmed(field.value).empty()) continue;
    all.append(all.empty() ? "" : ",").append(trimmed(field.value));
    if (all.size() > max_bytes) return {};
  }
  const bool visible = std::all_of(all.begin(), all.end(), [](char c) { return c == '\t' || (c >= 0x20 && c < 0x7F); });
  const auto members = static_cast<std::size_t>(std::count(all.begin(), all.end(), ',')) + 1;
  return visible && members <= max_members ? all : std::string();
}

}  // namespace

std::optional<Traceparent> parse_traceparent(std::string_view text) {
  constexpr std::size_t kLength = 55;  // 2-32-16-2
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const std::string_view version = text.substr(0, 2);
  if (!is_hex(version) || version == "ff") return std::nullopt;
  if (text.size() > kLength && (version == "00" || text[kLength] != '-')) return std::nullopt;
  const std::string_view trace = text.substr(3, 32);
  const std::string_view span = text.substr(36, 16);
  const std::string_view flags = text.substr(53, 2);
  if (!is_id(trace) || !is_id(span) || !is_hex(flags)) return std::nullopt;
  return Traceparent{std::string(trace), std::string(span), two_digits(flags)};
}

std::string new_trace_id() { return random_id<16>(); }
std::string new_span_id() { return random_id<8>(); }

std::string Trace::traceparent() const {
  const char byte = static_cast<char>(flags);
  std::string out;
  out.reserve(55);
  out.append("00-").append(trace_id).append("-").append(span_id).append("-").append(crypto::hex({&byte, 1}));
  return out;
}

Trace continue_trace(const Head& head, std::size_t baggage_bytes) {
  Trace trace;
  trace.span_id = new_span_id();
  trace.baggage = joined(head, "baggage", baggage_bytes, kBaggageMembers);
  const auto parent = head.count("traceparent") == 1 ? parse_traceparent(head.find("traceparent")) : std::nullopt;
  if (!parent) {
    trace.trace_id = new_trace_id();
    return trace;
  }
  trace.trace_id = parent->trace_id;
  trace.parent = parent->span_id;
  trace.flags = parent->flags & 0x01;  // version 00 defines only `sampled`; the rest is not ours to vouch for
  trace.tracestate = joined(head, "tracestate", kStateBytes, kStateMembers);
  return trace;
}

}  // namespace durward::gateway
