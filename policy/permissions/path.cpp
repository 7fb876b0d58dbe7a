#include "policy/permissions/path.hpp"

#include <algorithm>
#include <array>

#include "config/forms.hpp"
#include "policy/json_text.hpp"

namespace durward::policy::permissions {
namespace {

constexpr int kMostLevels = 3;  // of percent-encoding, one within the other

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Every escape once; a `%` that begins none stays.
std::string decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      out += text[i];
    } else {
      out += static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  return out;
}

/// `%u002f`, which some servers decode, too.
bool wide_escape(std::string_view text) {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (at + 5 >= text.size() || (text[at + 1] | 0x20) != 'u') continue;
    if (std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at) + 2, text.begin() + static_cast<std::ptrdiff_t>(at) + 6,
                    [](char c) { return hex_digit(c) >= 0; }))
      return true;
  }
  return false;
}

// Characters that normalisation, or a careless reader, takes for a dot or a slash.
constexpr std::array<std::string_view, 9> kLookAlikes{"\u2024", "\u2025", "\uFF0E", "\uFF0F", "\uFF3C",
                                                      "\u2215", "\u2216", "\u2044", "\u29F8"};

bool clear(std::string_view text) {
  const bool plain = std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F || byte == '\\';
  });
  if (!plain || !json::valid_utf8(text) || wide_escape(text)) return false;
  return std::none_of(kLookAlikes.begin(), kLookAlikes.end(),
                      [text](std::string_view one) { return text.find(one) != std::string_view::npos; });
}

bool drive(std::string_view text) { return text.size() >= 2 && is_letter(text[0]) && text[1] == ':'; }

/// `$HOME/x`, `${HOME}`, `%TEMP%`.
bool variable(std::string_view text) {
  if (text.size() < 2) return false;
  if (text[0] == '$') return text[1] == '{' || text[1] == '(' || (text[1] >= 'A' && text[1] <= 'Z');
  return text[0] == '%' && is_letter(text[1]) && text.find('%', 1) != std::string_view::npos && hex_digit(text[1]) < 0;
}

/// A name that a file system or server might take for `..`: "...", ". .", "..;x".
bool odd_name(std::string_view name) {
  if (name.starts_with("..;")) return true;
  return name.size() > 2 && name.find_first_not_of(". ") == std::string_view::npos;
}

/// Adds the names of text to path. False where one is odd, or where `..` leads out of a place that nobody knows.
bool walk(std::string_view text, Path& path) {
  while (!text.empty()) {
    const std::string_view name = text.substr(0, text.find('/'));
    text.remove_prefix(std::min(text.size(), name.size() + 1));
    if (name.empty() || name == ".") continue;
    if (odd_name(name)) return false;
    if (name != "..") {
      path.emplace_back(name);
    } else if (path.size() > 1) {
      path.pop_back();
    } else if (path.front() != "/") {
      return false;
    }
  }
  return true;
}

/// The path of a `file:` URI, or nothing where it names another machine or has a query.
std::optional<std::string_view> file_uri(std::string_view text) {
  text.remove_prefix(5);
  if (text.find_first_of("?#") != std::string_view::npos) return std::nullopt;
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    if (config::lower(text.substr(0, 10)) == "localhost/") text.remove_prefix(9);
  }
  if (!text.starts_with('/') || text.starts_with("//") || drive(text.substr(1))) return std::nullopt;
  return text;
}

bool is_file_uri(std::string_view text) { return config::lower(text.substr(0, 5)) == "file:"; }

std::optional<Path> one_reading(std::string_view text, const Places& places) {
  if (!clear(text) || drive(text) || variable(text) || text.starts_with("//")) return std::nullopt;
  if (is_file_uri(text)) {
    const auto path = file_uri(text);
    if (!path) return std::nullopt;
    text = *path;
  }
  Path out;
  std::string_view below;  // where a relative path begins
  if (text.starts_with('/')) {
    out = {"/"};
  } else if (text.starts_with('~')) {
    text.remove_prefix(1);
    if (!text.empty() && text.front() != '/') return std::nullopt;
    below = places.home;
    out = {below.empty() ? "~" : "/"};
  } else {
    below = places.base;
    out = {below.empty() ? "." : "/"};
  }
  if (!walk(below, out) || !walk(text, out)) return std::nullopt;
  return out;
}

bool has_star(std::string_view text) { return text.find('*') != std::string_view::npos; }

/// `*` within one name, without trying anything twice.
bool matches_name(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0, star = std::string_view::npos, after = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++after;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace

std::optional<std::vector<Path>> read_path(std::string_view text, const Places& places) {
  if (text.size() > kLongestPath) return std::nullopt;
  std::vector<Path> out;
  std::string current(text);
  for (int level = 0; level <= kMostLevels; ++level) {
    auto path = one_reading(current, places);
    if (!path) return std::nullopt;
    if (out.empty() || out.back() != *path) out.push_back(*std::move(path));
    if (current.find('%') == std::string::npos) return out;
    std::string next = decoded(current);
    if (next == current) return out;
    current = std::move(next);
  }
  return std::nullopt;
}

Outcome<PathPattern, std::string> PathPattern::parse(std::string_view text) {
  PathPattern out;
  out.text_ = text;
  const bool rooted = text.starts_with('/') || text.starts_with("~/") || text == "~" || text.starts_with("./") || text == ".";
  if (!rooted && text != "**" && text != "*") return std::string("a path begins with `/`, `~/` or `./`");
  if (!clear(text) || text.starts_with("//"))
    return std::string("a path has no control characters, no `\\` and no `//` at its start");
  if (text.find('%') != std::string_view::npos) return std::string("a path is written decoded, without `%`");
  if (!rooted) {
    out.steps_ = {"/", "**"};
    return out;
  }
  out.steps_ = {std::string(text.substr(0, 1))};
  for (std::string_view rest = text.substr(1); !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (name.empty()) continue;
    if (name == "." || name == "..") return std::string("a path in a policy has no `.` and no `..`");
    if (name != "**" && name.find("**") != std::string_view::npos) return std::string("`**` stands alone between slashes");
    out.steps_.emplace_back(name);
  }
  return out;
}

bool PathPattern::everything() const {
  return std::all_of(steps_.begin() + 1, steps_.end(), [](const std::string& name) { return name == "**" || name == "*"; }) &&
         steps_.front() != ".";
}

bool PathPattern::matches(const Path& path) const {
  if (path.front() != steps_.front()) return false;
  std::size_t p = 1, n = 1, star = 0, after = 0;
  while (n < path.size()) {
    if (p < steps_.size() && steps_[p] == "**") {
      star = p++;
      after = n;
    } else if (p < steps_.size() && (has_star(steps_[p]) ? matches_name(steps_[p], path[n]) : steps_[p] == path[n])) {
      ++p;
      ++n;
    } else if (star != 0) {
      p = star + 1;
      n = ++after;
    } else {
      return false;
    }
  }
  return std::all_of(steps_.begin() + static_cast<std::ptrdiff_t>(p), steps_.end(),
                     [](const std::string& one) { return one == "**"; });
}

bool looks_like_path(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= 0x20) text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= 0x20) text.remove_suffix(1);
  if (text.empty() || text.size() > kLongestPath || text.find('\n') != std::string_view::npos) return false;
  if (is_file_uri(text)) return true;
  const std::string plain = decoded(decoded(text));
  const std::string_view view = plain;
  const auto begins = [view](std::string_view head) { return view.starts_with(head); };
  if (begins("/") || begins("./") || begins("../") || begins("~/") || begins("\\") || begins(".\\") || begins("..\\"))
    return true;
  if (view == "~" || view == "..") return true;
  if (drive(view) && view.size() > 2 && (view[2] == '/' || view[2] == '\\')) return true;
  return view.find("/../") != std::string_view::npos || view.find("\\..\\") != std::string_view::npos ||
         view.ends_with("/..") || view.ends_with("\\..");
}

}  // namespace durward::policy::permissions
