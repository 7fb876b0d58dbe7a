#include "audit/time.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace durward::audit {
namespace {

void put(char* at, unsigned value, std::size_t digits) {
  while (digits-- > 0) {
    at[digits] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

std::optional<unsigned> take(std::string_view text, std::size_t at, std::size_t digits) {
  unsigned value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(text[i] - '0');
  }
  return value;
}

}  // namespace

std::array<char, 24> time_text(std::int64_t unix_ms) {
  using namespace std::chrono;
  constexpr std::int64_t kFirst = -62167219200000, kLast = 253402300799999;  // the years 0000 and 9999
  const sys_time<milliseconds> time{milliseconds{std::clamp(unix_ms, kFirst, kLast)}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const auto of_day = static_cast<unsigned>((time - day).count());
  std::array<char, 24> text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0',
                            '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0', 'Z'};
  put(&text[0], static_cast<unsigned>(static_cast<int>(date.year())), 4);
  put(&text[5], static_cast<unsigned>(date.month()), 2);
  put(&text[8], static_cast<unsigned>(date.day()), 2);
  put(&text[11], of_day / 3600000, 2);
  put(&text[14], of_day / 60000 % 60, 2);
  put(&text[17], of_day / 1000 % 60, 2);
  put(&text[20], of_day % 1000, 3);
  return text;
}

void append_time(std::string& out, std::int64_t unix_ms) {
  const std::array<char, 24> text = time_text(unix_ms);
  out.append(text.data(), text.size());
}

std::string format_time(std::int64_t unix_ms) {
  std::string out;
  append_time(out, unix_ms);
  return out;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != 24 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      text[19] != '.' || text[23] != 'Z')
    return std::nullopt;
  const auto y = take(text, 0, 4), mo = take(text, 5, 2), d = take(text, 8, 2), h = take(text, 11, 2), mi = take(text, 14, 2),
             s = take(text, 17, 2), ms = take(text, 20, 3);
  if (!y || !mo || !d || !h || !mi || !s || !ms || *h > 23 || *mi > 59 || *s > 59) return std::nullopt;
  const year_month_day date{year{static_cast<int>(*y)}, month{*mo}, day{*d}};
  if (!date.ok()) return std::nullopt;
  return duration_cast<milliseconds>(sys_days{date}.time_since_epoch()).count() +
         ((std::int64_t{*h} * 60 + *mi) * 60 + *s) * 1000 + *ms;
}

}  // namespace durward::audit
