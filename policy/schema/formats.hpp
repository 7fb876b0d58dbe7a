#pragma once
#include <string_view>

namespace durward::schema {

/// Whether a decoded string has a format.
using FormatCheck = bool (*)(std::string_view text);

/// The check of a format that is asserted where formats are: date-time, date, time, duration, email, hostname, ipv4, ipv6, uri,
/// uri-reference, uri-template, uuid, json-pointer, relative-json-pointer, regex. Null for others: those stay remarks. A
/// hostname is one of RFC 1123: its A-labels (`xn--`) are not decoded.
FormatCheck find_format(std::string_view name);

}  // namespace durward::schema
