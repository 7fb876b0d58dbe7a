#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/outcome.hpp"

namespace durward::audit {

/// What `durward ledger show` looks for. Empty members match everything; `*` in tool, server and sub matches any run of
/// characters.
struct Query {
  std::optional<std::int64_t> since_ms;
  std::string tool, server, sub, verdict, type;
  std::size_t limit = 100;  // the newest so many; 0: all
};

struct Found {
  std::vector<std::string> lines;  // as they stand, oldest first
  std::uint64_t matched = 0;       // with those that the limit left out
  std::uint64_t unreadable = 0;    // lines that are not JSON objects: `verify` says why
};

/// Reads a ledger folder or files; judges nothing. The error is one sentence.
policy::Outcome<Found, std::string> find_records(const std::vector<std::string>& paths, const Query& query);

/// The records as an aligned table: time, type, verdict, effect, server/tool or method, subject, reason, id.
std::string table_of(const std::vector<std::string>& lines);

/// `90s`, `15m`, `24h`, `7d` in milliseconds; none for anything else.
std::optional<std::int64_t> parse_span(std::string_view text);

}  // namespace durward::audit
