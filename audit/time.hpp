#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace durward::audit {

/// `YYYY-MM-DDTHH:MM:SS.mmmZ` of Unix milliseconds, for the years 0000 to 9999.
std::array<char, 24> time_text(std::int64_t unix_ms);
void append_time(std::string& out, std::int64_t unix_ms);
std::string format_time(std::int64_t unix_ms);
/// Unix milliseconds of exactly that form; none for anything else, also for days that no calendar has.
std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace durward::audit
