#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/head.hpp"

/// W3C Trace Context and Baggage. Ids are lower-case hexadecimal.
namespace durward::gateway {

struct Traceparent {
  std::string trace_id;  // 32 digits, not all zero
  std::string span_id;   // 16 digits, not all zero
  std::uint8_t flags = 0;
};

/// Strict: version 00 has exactly four fields; later versions may have more; ff and upper case are refused.
std::optional<Traceparent> parse_traceparent(std::string_view text);

/// One exchange's place in a trace.
struct Trace {
  std::string trace_id, span_id;  // span_id is ours
  std::string parent;             // the caller's span, or empty where the trace begins here
  std::uint8_t flags = 1;
  std::string tracestate;           // the caller's, verbatim, or empty; only where its traceparent held
  std::string baggage;              // likewise, or empty where it was too large
  std::string traceparent() const;  // for the upstream: our span as the parent
};

std::string new_trace_id();  // 32 digits; random, thread-safe
std::string new_span_id();   // 16 digits

/// Continues the caller's trace, or begins one. tracestate is dropped above 512 bytes or 32 members, baggage whole above
/// baggage_bytes or 180 members; both where they hold a byte that is not visible ASCII, SP or HTAB. Several fields of either
/// are joined by commas.
Trace continue_trace(const Head& head, std::size_t baggage_bytes);

}  // namespace durward::gateway
