#pragma once
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

/// The one pattern language of the product: segment-scoped globs over ToolRefs, case-sensitive. `*` matches any run
/// within server, tool or version and never crosses `/` or `@`. `*` alone and `mcp://*` mean every tool;
/// `mcp://s/*` and `mcp://s/t` leave the version open.
class Pattern {
 public:
  /// Errors are one sentence for the policy's author: `%`, control characters, more than one `@`, empty segments,
  /// a missing scheme or tool are refused.
  static Outcome<Pattern, std::string> parse(std::string_view text);
  bool matches(const ToolRef& ref) const { return matches(ref.server, ref.tool, ref.version); }
  bool matches(std::string_view server, std::string_view tool, std::string_view version) const;
  /// Whether it names exactly this server and tool, without a wildcard in either.
  bool names(std::string_view server, std::string_view tool) const;
  bool may_match_server(std::string_view server) const;
  bool pins_version() const;  // names a version without `*`
  const std::string& text() const { return text_; }

 private:
  Pattern() = default;
  std::string text_, server_, tool_, version_;
};

/// `*` matches any run of characters (also none), everything else itself.
bool glob(std::string_view pattern, std::string_view text);

}  // namespace durward::policy
