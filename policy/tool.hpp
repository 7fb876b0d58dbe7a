#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "policy/outcome.hpp"

namespace durward::policy {

/// `mcp://server/tool@version`. The version is empty where none is known.
struct ToolRef {
  std::string server;
  std::string tool;
  std::string version;
  std::string text() const;  // the URI; without `@` where version is empty
};

/// A longer tool name matches nothing (bytes).
inline constexpr std::size_t kLongestToolName = 1024;

/// Whether a name can stand in a ToolRef: not empty, not too long, no `/`, `@`, `%` or control character. A name that
/// cannot is matched by no pattern, `*` included.
bool nameable(std::string_view tool) noexcept;

/// The one pattern language of the product: segment-scoped globs over ToolRefs, case-sensitive. `*` matches any run
/// within server, tool or version and never crosses `/` or `@`. `*` alone and `mcp://*` mean every tool;
/// `mcp://s/*`, `mcp://s/t` and `mcp://s/t@*` leave the version open; any other version matches no unknown one.
class Pattern {
 public:
  /// Errors are one sentence for the policy's author: `%`, control characters, more than one `@`, empty segments,
  /// a missing scheme or tool are refused.
  static Outcome<Pattern, std::string> parse(std::string_view text);
  bool matches(const ToolRef& ref) const { return matches(ref.server, ref.tool, ref.version); }
  bool matches(std::string_view server, std::string_view tool, std::string_view version) const;
  /// The same, but an unknown version could be any: what a denylist asks, because it must not be slipped past.
  bool may_match(std::string_view server, std::string_view tool, std::string_view version) const;
  /// Whether it names exactly this server and tool, without a wildcard in either.
  bool names(std::string_view server, std::string_view tool) const;
  bool may_match_server(std::string_view server) const;
  bool covers_server(std::string_view server) const;  // matches every tool of it, of every version
  bool covers(const Pattern& other) const;            // matches whatever the other one does
  bool literal_tool() const;                          // no `*` in the tool
  const std::string& server() const { return server_; }
  const std::string& tool() const { return tool_; }
  bool pins_version() const;                            // names a version without `*`
  bool versioned() const { return !version_.empty(); }  // names a version, perhaps with `*`
  const std::string& text() const { return text_; }

 private:
  Pattern() = default;
  std::string text_, server_, tool_, version_;  // version_ is empty where it is open
};

/// `*` matches any run of characters (also none), everything else itself. Never tries anything twice.
bool glob(std::string_view pattern, std::string_view text);

}  // namespace durward::policy
