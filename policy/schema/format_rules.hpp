#pragma once
#include <cstddef>
#include <string_view>

/// One function for each format, in the grammar of its RFC and no more: no blanks around, no digits that are not ASCII.
/// Internal to policy/schema.
namespace durward::schema::format {

// RFC 3339, section 5.6 and appendix A.
bool date(std::string_view text);
bool time(std::string_view text);  // a leap second only at the end of a day in UTC
bool date_time(std::string_view text);
bool duration(std::string_view text);

bool hostname(std::string_view text);  // RFC 1123, section 2.1
bool ipv4(std::string_view text);      // RFC 2673, section 3.2: four decimals without leading zeros
bool ipv6(std::string_view text);      // RFC 4291, section 2.2, without zone
bool email(std::string_view text);     // RFC 5321, section 4.1.2: Mailbox

bool uri(std::string_view text);  // RFC 3986, appendix A
bool uri_reference(std::string_view text);
bool uri_template(std::string_view text);  // RFC 6570

bool uuid(std::string_view text);                   // RFC 4122, section 3
bool json_pointer(std::string_view text);           // RFC 6901
bool relative_json_pointer(std::string_view text);  // draft-bhutton-relative-json-pointer-00
bool regex(std::string_view text);                  // ECMA-262

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace durward::schema::format
