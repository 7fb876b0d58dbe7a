#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/outcome.hpp"

namespace durward::policy::permissions {

/// What relative paths and `~` stand for at a server; empty: not known, so that such paths stand for themselves only.
struct Places {
  std::string base;  // absolute
  std::string home;  // absolute
};

/// A longer path is refused (bytes).
inline constexpr std::size_t kLongestPath = 4096;

/// What a path means, step by step, without a look at any file system: "/" or "~" or "." first, and then its names.
using Path = std::vector<std::string>;

/// Every way to read a path: as it is written, and percent-decoded once and again until nothing changes. A server may decode as
/// often as it likes, so that a path is allowed where all of them are. `file:` URIs are read as the path in them.
///
/// Nothing where the meaning is unclear: control characters, backslashes, drive letters, `//host`, `~user`, `$HOME`, what would
/// leave the place it is relative to when that is not known, text that is not UTF-8 or holds look-alikes of dots and slashes,
/// names of dots and blanks only, more than three levels of encoding.
std::optional<std::vector<Path>> read_path(std::string_view text, const Places& places);

/// A path as a policy writes it: `/srv/agent/**`, `~/notes/*.md`, `./out`. `*` stands within a name, `**` for any number of
/// names.
class PathPattern {
 public:
  /// Errors are one sentence for the policy's author.
  static Outcome<PathPattern, std::string> parse(std::string_view text);
  bool matches(const Path& path) const;
  bool everything() const;  // the root, a home, or all that is in them
  const std::string& text() const { return text_; }

 private:
  PathPattern() = default;
  std::string text_;
  Path steps_;
};

/// Whether a text looks like a path, whatever it is called: it begins with `/`, `./`, `../`, `~/`, a drive or a backslash, or
/// goes up somewhere, encoded or not; and it is one line.
bool looks_like_path(std::string_view text);

}  // namespace durward::policy::permissions
