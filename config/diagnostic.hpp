#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace durward::config {

/// Where something stands in a file. Lines and columns start at 1; line 0 means the file as a whole.
struct Position {
  std::string file;
  int line = 0;
  int column = 0;
};

enum class Severity { error, warning };

struct Diagnostic {
  Severity severity;
  Position where;
  std::string message;  // one sentence, no secret
  int hidden_from = 0;  // column from which the source line may hold a secret and is not shown; 0: all of it may be shown
};

/// A value that remembers where it was written, for layers that interpret it later.
template <class T>
struct Located {
  T value{};
  Position where{};
};

bool has_errors(const std::vector<Diagnostic>& all);

/// `file:line:column: error: message`, the source line and a caret (GNU form, so editors jump). source may be empty.
/// Columns count bytes. Control characters and invalid UTF-8 come out as `?`.
std::string render(const Diagnostic& diagnostic, std::string_view source);

/// All of them, one after the other; a line that one of them hides is hidden in all.
std::string render(const std::vector<Diagnostic>& all, std::string_view source);

/// The candidate nearest to word by edit distance, or empty if none is near enough to be worth suggesting.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace durward::config
