#include "policy/jose/uri.hpp"

#include "config/forms.hpp"

namespace durward::jose {
namespace {

constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
constexpr std::string_view kOthers = "!$&'()*+,;=:@/";  // what else stands in a path as it is
constexpr std::string_view kHex = "0123456789ABCDEF";

/// The byte that %XX at the start of text stands for.
std::optional<unsigned char> escape(std::string_view text) {
  if (text.size() < 3) return std::nullopt;
  unsigned value = 0;
  for (const char c : text.substr(1, 2)) {
    const std::size_t digit = kHex.find(c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(digit);
  }
  return static_cast<unsigned char>(value);
}

std::optional<std::string> normal_path(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    if (path.front() != '%') {
      if (kUnreserved.find(path.front()) == std::string_view::npos && kOthers.find(path.front()) == std::string_view::npos)
        return std::nullopt;
      out += path.front();
      path.remove_prefix(1);
      continue;
    }
    const auto byte = escape(path);
    if (!byte) return std::nullopt;
    path.remove_prefix(3);
    if (kUnreserved.find(static_cast<char>(*byte)) != std::string_view::npos) {
      out += static_cast<char>(*byte);
    } else {
      out.append({'%', kHex[*byte >> 4U], kHex[*byte & 15U]});
    }
  }
  return out.empty() ? "/" : out;
}

bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(segment.size());
  }
  return false;
}

}  // namespace

std::optional<std::string> normal_uri(std::string_view uri) {
  uri = uri.substr(0, uri.find_first_of("?#"));
  const std::size_t colon = uri.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  std::string out = config::lower(uri.substr(0, colon));
  if (out != "http" && out != "https") return std::nullopt;
  const std::uint16_t usual = out == "http" ? 80 : 443;
  uri.remove_prefix(colon + 3);
  const std::size_t end = std::min(uri.find('/'), uri.size());
  std::string_view authority = uri.substr(0, end);
  if (!authority.empty() && authority.back() == ':') authority.remove_suffix(1);  // RFC 3986 section 6.2.3: an empty port
  const auto host = config::parse_authority(authority);
  const auto path = normal_path(uri.substr(end));
  if (!host || !path || has_dot_segment(*path)) return std::nullopt;
  const bool bracketed = host->host.find(':') != std::string::npos;
  out += bracketed ? "://[" + host->host + "]" : "://" + host->host;
  if (host->port != 0 && host->port != usual) out += ":" + std::to_string(host->port);
  return out + *path;
}

}  // namespace durward::jose
