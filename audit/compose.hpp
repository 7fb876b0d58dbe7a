#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "audit/record.hpp"

namespace durward::audit {

inline constexpr std::size_t kLongestLine = 32U << 10;  // bytes of a line with its newline

/// A record's canonical JSON but for the three members that only the writer knows. They belong at these offsets of
/// text, each with its leading comma.
struct Composed {
  std::string text;
  std::uint32_t prev_at = 0;
  std::uint32_t seq_at = 0;
  std::uint32_t sig_at = 0;
};

/// What an aggregate adds to `facts` (deploy/docs/ledger.md, "Floods"). All but addresses go with Record::count.
struct FloodFacts {
  std::string address;    // the caller's, as a commitment; of a single refusal
  std::string addresses;  // canonical JSON array of {address, count}, the busiest first
  std::string reasons;    // canonical JSON object of counts
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
};

/// Writes the record in canonical member order. Always succeeds, and the line always fits in kLongestLine: a record that is
/// too long loses facts, agent and cause (`facts.dropped: true`), findings and rules (counted in `more`), at last the ends of
/// long strings. facts, agent or cause that are not canonical objects without null and fractions are dropped in the same way.
/// Runs on the caller's thread; no side effects.
Composed compose(const Record& record, std::string_view origin, const FloodFacts* flood = nullptr);

/// `"text"` as RFC 8785 writes it is appended. Invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace durward::audit
