#include "config/diagnostic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>

#include "config/utf8.hpp"

namespace durward::config {
namespace {

constexpr std::size_t kBeforeCaret = 120;  // of a long line, so much is shown before the caret
constexpr std::size_t kAfterCaret = 60;

std::string_view line_of(std::string_view source, int line) {
  for (int i = 1; i < line; ++i) {
    const auto end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  source = source.substr(0, source.find('\n'));
  if (!source.empty() && source.back() == '\r') source.remove_suffix(1);
  return source;
}

// What a terminal may be shown, and how many columns it takes there.
struct Shown {
  std::string text;
  std::size_t width = 0;
};

Shown printable(std::string_view text) {
  Shown shown;
  for (std::size_t i = 0; i < text.size(); ++shown.width) {
    const std::size_t length = utf8_length(text, i);
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = length == 2 && byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (byte == '\t') {
      shown.text += ' ';
    } else if (length == 0 || byte < 0x20 || byte == 0x7F || c1) {
      shown.text += '?';
    } else {
      shown.text += text.substr(i, length);
    }
    i += std::max<std::size_t>(length, 1);
  }
  return shown;
}

std::string excerpt(const Position& where, int hidden_from, std::string_view source) {
  std::string_view line = line_of(source, where.line);
  const auto column = static_cast<std::size_t>(std::max(where.column, 1)) - 1;
  if (line.empty() || column > line.size()) return {};
  std::string_view before = line.substr(0, column);
  std::string_view after = line.substr(column, kAfterCaret);
  bool hidden = false;
  if (hidden_from > 0) {
    const auto cut = static_cast<std::size_t>(hidden_from) - 1;
    hidden = cut < line.size();
    before = before.substr(0, cut);
    after = after.substr(0, cut > column ? cut - column : 0);
  }
  if (before.size() > kBeforeCaret) before.remove_prefix(before.size() - kBeforeCaret);
  const Shown left = printable(before);
  return fmt::format("  {}{}{}\n  {:>{}}\n", left.text, printable(after).text, hidden ? "(hidden)" : "", '^', left.width + 1);
}

// Edit distance in which swapping neighbours is one edit (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + cost});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) now[j] = std::min(now[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(now);
  }
  return last[b.size()];
}

}  // namespace

bool has_errors(const std::vector<Diagnostic>& all) {
  return std::any_of(all.begin(), all.end(), [](const Diagnostic& one) { return one.severity == Severity::error; });
}

std::string render(const Diagnostic& diagnostic, std::string_view source) {
  const Position& where = diagnostic.where;
  std::string out = printable(where.file).text;
  if (where.line > 0) out += fmt::format(":{}", where.line);
  if (where.line > 0 && where.column > 0) out += fmt::format(":{}", where.column);
  const char* severity = diagnostic.severity == Severity::error ? "error" : "warning";
  fmt::format_to(std::back_inserter(out), ": {}: {}\n", severity, printable(diagnostic.message).text);
  if (where.line > 0) out += excerpt(where, diagnostic.hidden_from, source);
  return out;
}

std::string render(const std::vector<Diagnostic>& all, std::string_view source) {
  std::map<int, int> hidden;  // line → first hidden column
  for (const Diagnostic& one : all) {
    if (one.hidden_from == 0) continue;
    const auto entry = hidden.emplace(one.where.line, one.hidden_from).first;
    entry->second = std::min(entry->second, one.hidden_from);
  }
  std::string out;
  for (Diagnostic one : all) {
    const auto entry = hidden.find(one.where.line);
    if (entry != hidden.end()) one.hidden_from = entry->second;
    out += render(one, source);
  }
  return out;
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t kLongest = 64;  // a longer word is no slip of the pen
  if (word.size() > kLongest) return {};
  std::size_t best = std::max<std::size_t>(word.size() / 3, 1) + 1;
  std::string found;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongest) continue;
    const std::size_t edits = distance(word, candidate);
    if (edits < best) {
      best = edits;
      found = candidate;
    }
  }
  return found;
}

}  // namespace durward::config
