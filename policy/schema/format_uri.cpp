#include <algorithm>

#include "policy/schema/format_rules.hpp"
#include "policy/schema/uri.hpp"

namespace durward::schema::format {
namespace {

constexpr std::string_view kUnreserved = "-._~";
constexpr std::string_view kSubDelims = "!$&'()*+,;=";

bool is_escape(std::string_view text) { return text.size() >= 3 && text[0] == '%' && is_hex(text[1]) && is_hex(text[2]); }

/// Letters, digits, unreserved, sub-delims, escapes, and what is in more.
bool made_of(std::string_view text, std::string_view more) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_escape(text.substr(i))) {
      i += 2;
    } else if (!is_letter(c) && !is_digit(c) && kUnreserved.find(c) == std::string_view::npos &&
               kSubDelims.find(c) == std::string_view::npos && more.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

bool future_address(std::string_view text) {
  if (text.empty() || (text.front() != 'v' && text.front() != 'V')) return false;
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot < 2 || dot + 1 == text.size()) return false;
  const std::string_view version = text.substr(1, dot - 1);
  const std::string_view rest = text.substr(dot + 1);
  return std::all_of(version.begin(), version.end(), is_hex) && rest.find('%') == std::string_view::npos && made_of(rest, ":");
}

bool authority(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at != std::string_view::npos) {
    if (!made_of(text.substr(0, at), ":")) return false;
    text.remove_prefix(at + 1);
  }
  std::size_t end = 0;  // of the host
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos) return false;
    const std::string_view inside = text.substr(1, end - 1);
    if (!ipv6(inside) && !future_address(inside)) return false;
    ++end;
  } else {
    end = std::min(text.find(':'), text.size());
    if (!made_of(text.substr(0, end), {})) return false;
  }
  text.remove_prefix(end);
  return text.empty() || (text.front() == ':' && std::all_of(text.begin() + 1, text.end(), is_digit));
}

/// A variable of RFC 6570, section 2.3, with its modifier.
bool variable(std::string_view text) {
  if (text.ends_with('*')) {
    text.remove_suffix(1);
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    const std::string_view most = text.substr(colon + 1);
    if (most.empty() || most.size() > 4 || most.front() == '0' || !std::all_of(most.begin(), most.end(), is_digit))
      return false;
    text = text.substr(0, colon);
  }
  bool dot = true;  // none at the beginning, the end or beside another
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.' && dot) return false;
    dot = text[i] == '.';
    if (is_escape(text.substr(i))) {
      i += 2;
    } else if (!dot && !is_letter(text[i]) && !is_digit(text[i]) && text[i] != '_') {
      return false;
    }
  }
  return !dot;
}

bool expression(std::string_view text) {
  if (!text.empty() && std::string_view("+#./;?&=,!@|").find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  while (true) {
    const std::size_t comma = text.find(',');
    if (!variable(text.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

bool uri_reference(std::string_view text) {
  const UriParts parts(text);
  if (parts.has_authority && !authority(parts.authority)) return false;
  if (!made_of(parts.path, "/:@") || !made_of(parts.query, "/?:@") || !made_of(parts.fragment, "/?:@")) return false;
  // Without a scheme a colon in the first segment would make one.
  const bool bare = parts.scheme.empty() && !parts.has_authority;
  return !bare || parts.path.substr(0, parts.path.find('/')).find(':') == std::string_view::npos;
}

bool uri(std::string_view text) { return !UriParts(text).scheme.empty() && uri_reference(text); }

bool uri_template(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '{') {
      const std::size_t end = text.find('}', i);
      if (end == std::string_view::npos || !expression(text.substr(i + 1, end - i - 1))) return false;
      i = end;
    } else if (c == '%') {
      if (!is_escape(text.substr(i))) return false;
      i += 2;
    } else if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F ||
               std::string_view("\"<>\\^`|}").find(c) != std::string_view::npos) {
      return false;  // section 2.1; above ASCII the iprivate and ucschar ranges are taken as a whole
    }
  }
  return true;
}

}  // namespace durward::schema::format
