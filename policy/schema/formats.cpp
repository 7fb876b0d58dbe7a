#include "policy/schema/formats.hpp"

#include <algorithm>
#include <array>

#include "policy/schema/format_rules.hpp"
#include "policy/schema/pattern.hpp"

namespace durward::schema {
namespace format {

bool uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool json_pointer(std::string_view text) {
  if (!text.empty() && text.front() != '/') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) return false;
  }
  return true;
}

bool relative_json_pointer(std::string_view text) {
  const std::size_t digits =
      std::min(static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin()), text.size());
  if (digits == 0 || (digits > 1 && text.front() == '0')) return false;
  text.remove_prefix(digits);
  return text == "#" || json_pointer(text);
}

bool regex(std::string_view text) { return !translate(text).syntax; }

}  // namespace format

namespace {

struct Format {
  std::string_view name;
  FormatCheck check;
};
constexpr auto kFormats = std::to_array<Format>({
    {"date-time", format::date_time},
    {"date", format::date},
    {"time", format::time},
    {"duration", format::duration},
    {"email", format::email},
    {"hostname", format::hostname},
    {"ipv4", format::ipv4},
    {"ipv6", format::ipv6},
    {"uri", format::uri},
    {"uri-reference", format::uri_reference},
    {"uri-template", format::uri_template},
    {"uuid", format::uuid},
    {"json-pointer", format::json_pointer},
    {"relative-json-pointer", format::relative_json_pointer},
    {"regex", format::regex},
});

}  // namespace

FormatCheck find_format(std::string_view name) {
  const auto* const found =
      std::find_if(kFormats.begin(), kFormats.end(), [name](const Format& one) { return one.name == name; });
  return found == kFormats.end() ? nullptr : found->check;
}

}  // namespace durward::schema
