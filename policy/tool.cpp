#include "policy/tool.hpp"

#include <algorithm>

namespace durward::policy {
namespace {

constexpr std::string_view kScheme = "mcp://";

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }
bool has_star(std::string_view text) { return text.find('*') != std::string_view::npos; }
bool only_stars(std::string_view text) { return text.find_first_not_of('*') == std::string_view::npos; }

}  // namespace

bool glob(std::string_view pattern, std::string_view text) {
  const std::size_t first = pattern.find('*');
  if (first == std::string_view::npos) return pattern == text;
  const std::string_view head = pattern.substr(0, first);
  const std::string_view tail = pattern.substr(pattern.rfind('*') + 1);
  if (text.size() < head.size() + tail.size() || !text.starts_with(head) || !text.ends_with(tail)) return false;
  text = text.substr(head.size(), text.size() - head.size() - tail.size());
  std::string_view pieces = pattern.substr(first, pattern.size() - head.size() - tail.size());  // from a star to a star
  // Each piece takes its leftmost place: if any choice of places works, that one does, so nothing is ever tried again.
  while (pieces.size() > 1) {
    pieces.remove_prefix(1);
    const std::string_view piece = pieces.substr(0, pieces.find('*'));
    const std::size_t at = text.find(piece);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + piece.size());
    pieces.remove_prefix(piece.size());
  }
  return true;
}

std::string ToolRef::text() const {
  std::string out = std::string(kScheme) + server + "/" + tool;
  if (!version.empty()) out += "@" + version;
  return out;
}

bool nameable(std::string_view tool) noexcept {
  return !tool.empty() && tool.size() <= kLongestToolName &&
         std::none_of(tool.begin(), tool.end(), [](char c) { return is_control(c) || c == '/' || c == '@' || c == '%'; });
}

Outcome<Pattern, std::string> Pattern::parse(std::string_view text) {
  Pattern out;
  out.text_ = text;
  if (std::any_of(text.begin(), text.end(), is_control)) return std::string("a pattern holds no control characters");
  if (text.find('%') != std::string_view::npos) {
    return std::string("a pattern holds no `%`: names are compared as they are written, never decoded");
  }
  if (text == "*" || text == "mcp://*") {
    out.server_ = out.tool_ = "*";
    return out;
  }
  if (!text.starts_with(kScheme)) return std::string("a pattern is `*` or begins with `mcp://`");
  text.remove_prefix(kScheme.size());
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::string("a pattern names a tool: `mcp://server/*` means all of a server's");
  const std::string_view server = text.substr(0, slash);
  std::string_view tool = text.substr(slash + 1);
  const std::size_t at = tool.find('@');
  const bool versioned = at != std::string_view::npos;
  const std::string_view version = versioned ? tool.substr(at + 1) : std::string_view("*");
  tool = tool.substr(0, at);
  if (server.find('@') != std::string_view::npos) return std::string("`@` stands only before the version, after the tool");
  if (version.find('@') != std::string_view::npos) return std::string("a pattern holds at most one `@`");
  if (server.empty() || tool.empty() || version.empty())
    return std::string("server, tool and version of a pattern are not empty");
  if (tool.find('/') != std::string_view::npos || version.find('/') != std::string_view::npos) {
    return std::string("a pattern has one `/`, between server and tool");
  }
  out.server_ = server;
  out.tool_ = tool;
  if (!only_stars(version)) out.version_ = version;
  return out;
}

bool Pattern::matches(std::string_view server, std::string_view tool, std::string_view version) const {
  if (!nameable(tool) || !glob(tool_, tool) || !glob(server_, server)) return false;
  if (version_.empty()) return true;
  // What is unknown is no version, and a star does not cross `/` or `@`.
  return !version.empty() && version.find_first_of("/@") == std::string_view::npos && glob(version_, version);
}

bool Pattern::may_match(std::string_view server, std::string_view tool, std::string_view version) const {
  if (!version.empty() || version_.empty()) return matches(server, tool, version);
  return nameable(tool) && glob(tool_, tool) && glob(server_, server);
}

bool Pattern::literal_tool() const { return !has_star(tool_); }

bool Pattern::names(std::string_view server, std::string_view tool) const {
  return !has_star(server_) && literal_tool() && server_ == server && tool_ == tool;
}

bool Pattern::may_match_server(std::string_view server) const { return glob(server_, server); }

bool Pattern::covers_server(std::string_view server) const {
  return version_.empty() && only_stars(tool_) && glob(server_, server);
}

bool Pattern::covers(const Pattern& other) const {
  // A star of the other pattern can only be taken by a star of this one, which then takes whatever the other's does.
  const bool version_too = version_.empty() || (!other.version_.empty() && glob(version_, other.version_));
  return glob(server_, other.server_) && glob(tool_, other.tool_) && version_too;
}

bool Pattern::pins_version() const { return !version_.empty() && !has_star(version_); }

}  // namespace durward::policy
