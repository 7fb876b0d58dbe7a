#include "config/forms.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace durward::config {
namespace {

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kServerRest = "abcdefghijklmnopqrstuvwxyz0123456789_-";
constexpr std::string_view kWord = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

bool only(std::string_view text, std::string_view first, std::string_view rest) {
  return !text.empty() && first.find(text.front()) != std::string_view::npos &&
         text.substr(1).find_first_not_of(rest) == std::string_view::npos;
}

std::string sized(std::string_view text, std::size_t most) {
  if (!text.empty() && text.size() <= most) return {};
  return fmt::format("must have 1 to {} bytes", most);
}

std::string check_text(std::string_view text) { return sized(text, 256); }

std::string check_pattern(std::string_view text) { return sized(text, 1024); }

std::string check_path(std::string_view text) {
  if (text.substr(0, 2) == "~/") return "must not begin with ~: it is not expanded";
  if (text.find("://") != std::string_view::npos) return "must be a plain path, not a URL";
  return sized(text, 4096);
}

std::string check_address(std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> out{};
  const std::string copy(text);
  if (inet_pton(AF_INET, copy.c_str(), out.data()) == 1 || inet_pton(AF_INET6, copy.c_str(), out.data()) == 1) return {};
  return "must be an IP address such as 127.0.0.1 or ::1 (names are not resolved here)";
}

std::string check_host(std::string_view text) {
  if (parse_authority(text)) return {};
  return "must be a host as in a Host header, such as gateway.example.com or gateway.example.com:8443 (no wildcards)";
}

std::string check_web_origin(std::string_view text) {
  constexpr std::string_view kForm =
      "must be an origin such as https://app.example.com: scheme, host and perhaps port, no path, no *";
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::string(kForm);
  const std::string scheme = lower(text.substr(0, colon));
  const auto authority = parse_authority(text.substr(colon + 3));
  if ((scheme != "http" && scheme != "https") || !authority) return std::string(kForm);
  const bool usual = authority->port == (scheme == "https" ? 443 : 80);
  return usual ? "must leave out the scheme's own port, as browsers do" : "";
}

std::string check_url(std::string_view text) {
  std::string error;
  if (text.size() > 2048) return sized(text, 2048);
  (void)parse_url(text, error);
  return error;
}

std::string check_server_name(std::string_view text) {
  if (text.size() <= 63 && only(text, kLower, kServerRest)) return {};
  return "must match [a-z0-9][a-z0-9_-]{0,62}";
}

std::string check_tool_glob(std::string_view text) {
  if (text.find_first_of(" %@") != std::string_view::npos) return "must be a tool name, perhaps with *: no spaces, % or @";
  return sized(text, 256);
}

std::string check_file_ref(std::string_view text) {
  constexpr std::string_view kCredentials = "${CREDENTIALS_DIRECTORY}/";
  std::string_view path = text.substr(0, 7) == "file://" ? text.substr(7) : std::string_view{};
  if (path.substr(0, kCredentials.size()) == kCredentials) path.remove_prefix(kCredentials.size() - 1);
  const bool placed = path.substr(0, 1) == "/" || path.substr(0, 2) == "./" || path.substr(0, 3) == "../";
  const bool named = !path.empty() && path.back() != '/' && path.find_first_of("?#%$") == std::string_view::npos;
  if (placed && named && path.size() <= 4096) return {};
  return "must be file:///absolute/path, file://./relative/path or file://${CREDENTIALS_DIRECTORY}/name";
}

// What is asked for over the network decides who may call: nobody on the way may answer in its place.
std::string check_trusted_url(std::string_view text) {
  std::string error;
  if (text.size() > 1024) return sized(text, 1024);
  const auto url = parse_url(text, error);
  if (url && url->scheme != "https" && !is_local(url->host)) return "must begin with https://; http:// is for loopback only";
  return error;
}

std::string check_key_set(std::string_view text) {
  if (text.substr(0, 7) != "file://") return check_trusted_url(text);
  return check_file_ref(text);
}

std::string check_public_url(std::string_view text) {
  const std::string problem = check_trusted_url(text);
  if (!problem.empty()) return problem;
  return text.find('/', text.find("://") + 3) == std::string_view::npos ? ""
                                                                        : "must end with the host or its port: no path, no /";
}

// What is wrong with a JSON Pointer, or nothing.
std::string check_steps(std::string_view text, std::ptrdiff_t most) {
  for (std::size_t at = text.find('~'); at != std::string_view::npos; at = text.find('~', at + 1)) {
    const char next = at + 1 < text.size() ? text[at + 1] : ' ';
    if (next != '0' && next != '1') return "must write ~ as ~0 and / as ~1 in a JSON Pointer";
  }
  if (std::count(text.begin(), text.end(), '/') <= most) return {};
  return fmt::format("must be a JSON Pointer of at most {} steps", most);
}

std::string check_argument(std::string_view text) {
  if (text.empty()) return {};
  if (text.front() != '/' || text.size() > 256)
    return "must be a JSON Pointer into the arguments, such as /path or /items/0/name";
  // Whoever writes one means every item; which of them must hold would be a guess.
  if (text.find("/*") != std::string_view::npos) return "must be a JSON Pointer to one place: it has no wildcards";
  return check_steps(text, 16);
}

// "hh:mm" in minutes, or nothing. midnight: whether 24:00 may be written.
std::optional<int> minutes(std::string_view text, int most) {
  const auto digit = [&text](std::size_t at) { return text[at] >= '0' && text[at] <= '9' ? text[at] - '0' : 99; };
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const int hour = digit(0) * 10 + digit(1);
  const int minute = digit(3) * 10 + digit(4);
  if (minute > 59 || hour * 60 + minute > most) return std::nullopt;
  return hour * 60 + minute;
}

std::string check_hours(std::string_view text) {
  constexpr std::string_view kForm = "must be from-to as \"08:00-18:00\", from 00:00 to 24:00";
  if (text.size() != 11 || text[5] != '-') return std::string(kForm);
  const auto from = minutes(text.substr(0, 5), 23 * 60 + 59);
  const auto to = minutes(text.substr(6), 24 * 60);
  if (!from || !to) return std::string(kForm);
  return *from == *to ? "must end at another time than it begins" : "";
}

std::string check_offset(std::string_view text) {
  const bool sign = !text.empty() && (text[0] == '+' || text[0] == '-');
  if (sign && minutes(text.substr(1), 14 * 60)) return {};
  return "must be an offset from UTC such as \"+01:00\" (names of time zones are not known here)";
}

std::string check_key_path(std::string_view text) {
  const bool good = !text.empty() && text.size() <= 256 && text.front() != '.' && text.back() != '.' &&
                    text.find("..") == std::string_view::npos;
  return good ? "" : "must be a key of the policy, such as compliance or enforcement.circuit_breakers";
}

std::string check_rule_id(std::string_view text) {
  if (text.size() <= 64 && only(text, kWord.substr(0, 62), std::string(kWord) + ".-")) return {};
  return "must match [A-Za-z0-9][A-Za-z0-9._-]{0,63}";
}

std::string check_claim(std::string_view text) {
  const bool clean =
      std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (text.empty() || text.size() > 256 || !clean)
    return "must be the name of a claim, or a JSON Pointer such as /realm_access/roles";
  return text.front() == '/' ? check_steps(text, 8) : std::string();
}

std::string check_scope(std::string_view text) {
  const bool good = !text.empty() && text.size() <= 256 &&
                    std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '\\'; });
  return good ? "" : "must be one scope: visible ASCII without quotes and backslashes";
}

// What would change how a request is framed, routed or traced, or is ours to write.
constexpr std::array kReservedHeaders{
    "host",    "connection",       "content-length", "content-type", "transfer-encoding", "upgrade",    "te",
    "trailer", "expect",           "keep-alive",     "accept",       "traceparent",       "tracestate", "accept-encoding",
    "baggage", "proxy-connection", "last-event-id"};

std::string check_header_name(std::string_view text) {
  const std::string name = lower(text);
  const bool token =
      !name.empty() && name.size() <= 64 && name.find_first_not_of(std::string(kLower) + "-_") == std::string::npos;
  if (!token) return "must be the name of a header: letters, digits, - and _";
  const bool reserved = std::find(kReservedHeaders.begin(), kReservedHeaders.end(), name) != kReservedHeaders.end();
  return reserved || name.starts_with("mcp-") ? "must not be a header of HTTP's, MCP's or tracing's own" : "";
}

std::string check_header_text(std::string_view text) {
  const bool good =
      !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  return good ? "" : "must be 1 to 64 visible ASCII characters without spaces";
}

std::string check_pointer(std::string_view text) {
  if (text.empty() || text.front() != '/')
    return "must be a JSON Pointer into the arguments, such as /headers/authorization or /items/*/key";
  const std::string problem = check_claim(text);
  return problem.empty() ? problem : "must be a JSON Pointer of at most 8 steps and 256 bytes, with ~ as ~0 and / as ~1";
}

std::string check_secret_ref(std::string_view text) {
  const std::string_view name = text.substr(0, 6) == "env://" ? text.substr(6) : std::string_view{};
  if (name.size() <= 128 && only(name, kWord.substr(0, 52), kWord)) return {};
  const std::string problem = check_file_ref(text);
  return problem.empty() ? problem : problem + ", or env://NAME; never the secret itself";
}

std::string check_ledger_origin(std::string_view text) {
  const bool formed = text.size() >= 3 && text.size() <= 127 && only(text, kLower, std::string(kLower) + "./-");
  if (!formed) return "must match [a-z0-9][a-z0-9./-]{2,126}";
  const bool reserved = text.substr(0, 8) == "durward-" || text.substr(0, 11) == "cosignature";
  return reserved ? "must not begin with durward- or cosignature, which are reserved" : "";
}

}  // namespace

const Form kText{"text", check_text};
const Form kPath{"path", check_path};
const Form kAddress{"IP address", check_address};
const Form kHost{"host[:port]", check_host};
const Form kWebOrigin{"web origin", check_web_origin};
const Form kUrl{"URL", check_url, true};
const Form kServerName{"name", check_server_name};
const Form kToolGlob{"glob", check_tool_glob};
const Form kSecretRef{"file:// or env:// reference", check_secret_ref, true};
const Form kFileRef{"file:// reference", check_file_ref, true};
const Form kLedgerOrigin{"origin", check_ledger_origin};
const Form kPattern{"pattern", check_pattern};
const Form kIssuer{"URL", check_trusted_url, true};
const Form kKeySet{"URL or file:// reference", check_key_set, true};
const Form kPublicUrl{"URL", check_public_url, true};
const Form kClaim{"claim", check_claim};
const Form kScope{"scope", check_scope};
const Form kTokenUrl{"URL", check_trusted_url, true};
const Form kHeaderName{"header name", check_header_name};
const Form kHeaderText{"text", check_header_text};
const Form kPointer{"JSON Pointer", check_pointer};
const Form kArgument{"JSON Pointer", check_argument};
const Form kHours{"hours", check_hours};
const Form kOffset{"offset", check_offset};
const Form kKeyPath{"key", check_key_path};
const Form kRuleId{"id", check_rule_id};

}  // namespace durward::config
