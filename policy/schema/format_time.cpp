#include <algorithm>
#include <optional>

#include "policy/schema/format_rules.hpp"

namespace durward::schema::format {
namespace {

/// Takes that many digits off text; nothing, and no step, if they are not there.
std::optional<int> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count || !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(count), is_digit))
    return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, count)) value = value * 10 + (c - '0');
  text.remove_prefix(count);
  return value;
}

bool eat(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

int days_in(int year, int month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/// Minutes east of UTC of what ends a time; nothing if it is malformed.
std::optional<int> zone(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  const bool west = !text.empty() && text.front() == '-';
  if (!west && (text.empty() || text.front() != '+')) return std::nullopt;
  text.remove_prefix(1);
  const auto hour = digits(text, 2);
  if (!hour || !eat(text, ':')) return std::nullopt;
  const auto minute = digits(text, 2);
  if (!minute || !text.empty() || *hour > 23 || *minute > 59) return std::nullopt;
  return (west ? -1 : 1) * (*hour * 60 + *minute);
}

/// Number-and-unit pairs whose units follow each other in units without a gap, as the grammar nests them; false if one does not
/// fit.
bool elements(std::string_view text, std::string_view units) {
  std::optional<std::size_t> last;
  while (!text.empty()) {
    const auto count = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
    if (count == 0 || count == text.size()) return false;
    const std::size_t unit = units.find(text[count]);
    if (unit == std::string_view::npos || (last && unit != *last + 1)) return false;
    last = unit;
    text.remove_prefix(count + 1);
  }
  return last.has_value();
}

}  // namespace

bool date(std::string_view text) {
  const auto year = digits(text, 4);
  if (!year || !eat(text, '-')) return false;
  const auto month = digits(text, 2);
  if (!month || !eat(text, '-')) return false;
  const auto day = digits(text, 2);
  return day && text.empty() && *month >= 1 && *month <= 12 && *day >= 1 && *day <= days_in(*year, *month);
}

bool time(std::string_view text) {
  const auto hour = digits(text, 2);
  if (!hour || !eat(text, ':')) return false;
  const auto minute = digits(text, 2);
  if (!minute || !eat(text, ':')) return false;
  const auto second = digits(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return false;
  if (eat(text, '.')) {
    if (!digits(text, 1)) return false;
    while (digits(text, 1)) continue;
  }
  const auto offset = zone(text);
  if (!offset) return false;
  constexpr int kDay = 24 * 60;
  return *second < 60 || (*hour * 60 + *minute - *offset + 2 * kDay) % kDay == kDay - 1;
}

bool date_time(std::string_view text) {
  return text.size() > 11 && date(text.substr(0, 10)) && (text[10] == 'T' || text[10] == 't') && time(text.substr(11));
}

bool duration(std::string_view text) {
  if (!eat(text, 'P')) return false;
  if (!text.empty() && text.back() == 'W') return elements(text, "W");
  const std::size_t t = text.find('T');
  if (t == std::string_view::npos) return elements(text, "YMD");
  return (t == 0 || elements(text.substr(0, t), "YMD")) && elements(text.substr(t + 1), "HMS");
}

}  // namespace durward::schema::format
