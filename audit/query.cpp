#include "audit/query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>

#include "audit/lines.hpp"
#include "audit/segments.hpp"
#include "audit/time.hpp"
#include "config/utf8.hpp"
#include "policy/json.hpp"
#include "policy/tool.hpp"

namespace durward::audit {
namespace {

namespace fs = std::filesystem;

bool like(const std::string& pattern, json::Value value) {
  return pattern.empty() || (value.is(json::Kind::string) && policy::glob(pattern, value.string()));
}

bool exactly(const std::string& word, json::Value value) { return word.empty() || value.equals(word); }

bool matches(const Query& query, json::Value record) {
  if (query.since_ms) {
    const auto ts = parse_time(record.find("ts").string());
    if (!ts || *ts < *query.since_ms) return false;
  }
  return like(query.tool, record.find("tool")) && like(query.server, record.find("server")) &&
         like(query.sub, record.find("sub")) && exactly(query.verdict, record.find("verdict")) &&
         exactly(query.type, record.find("type"));
}

policy::Outcome<std::vector<std::string>, std::string> files_of(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code problem;
    if (!fs::exists(path, problem)) return path + ": does not exist";
    if (!fs::is_directory(path, problem)) {
      files.push_back(path);
      continue;
    }
    for (const std::string& segment : list_segments(path)) files.push_back((fs::path(path) / segment).string());
  }
  return files;
}

/// What a terminal shows: control characters, and characters that reorder or hide text, would let a record repaint the screen.
std::string shown(json::Value value, std::size_t width) {
  const std::string text = value.string();
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = config::utf8_length(text, at);
    const bool hidden = config::unseen(text, at, length);
    if (out.size() + length > width) return out + "~";
    out += hidden ? "?" : text.substr(at, length);
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

using Row = std::array<std::string, 8>;

Row row_of(json::Value record) {
  std::string what = shown(record.find("server"), 24);
  const std::string name = shown(record.find(record.find("tool") ? "tool" : "method"), 40);
  if (!what.empty() && !name.empty()) what += "/";
  what += name;
  std::string reason = shown(record.find("facts").find("reason"), 32);
  const json::Value finding = record.find("findings").at(0).find("code");
  if (finding) reason += (reason.empty() ? "" : ": ") + shown(finding, 40);
  if (const json::Value count = record.find("count")) reason += " x" + std::string(count.raw());
  return {shown(record.find("ts"), 24),
          shown(record.find("type"), 12),
          shown(record.find("verdict"), 10),
          shown(record.find("effect"), 10),
          what,
          shown(record.find("sub"), 28),
          reason,
          shown(record.find("id"), 26)};
}

}  // namespace

policy::Outcome<Found, std::string> find_records(const std::vector<std::string>& paths, const Query& query) {
  TRY(const std::vector<std::string> files, files_of(paths));
  Found found;
  std::deque<std::string> kept;
  for (const std::string& path : files) {
    FileLines lines(path);
    for (FileLines::Got got = lines.next(); got != FileLines::Got::end; got = lines.next()) {
      if (got == FileLines::Got::error) return path + ": cannot be read: " + std::strerror(errno);
      auto document = json::Document::parse(got == FileLines::Got::line ? std::string(lines.text()) : std::string());
      if (!document || !document->root().is(json::Kind::object)) {
        ++found.unreadable;
        continue;
      }
      if (!matches(query, document->root())) continue;
      ++found.matched;
      kept.push_back(std::move(*document).release());
      if (query.limit > 0 && kept.size() > query.limit) kept.pop_front();
    }
  }
  found.lines.assign(std::make_move_iterator(kept.begin()), std::make_move_iterator(kept.end()));
  return found;
}

std::string table_of(const std::vector<std::string>& lines) {
  std::vector<Row> rows = {{"TIME", "TYPE", "VERDICT", "EFFECT", "WHAT", "SUBJECT", "WHY", "ENTRY"}};
  for (const std::string& line : lines) {
    auto document = json::Document::parse(line);
    if (document) rows.push_back(row_of(document->root()));
  }
  std::array<std::size_t, 8> widths{};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) out += fmt::format("{:<{}}  ", row[i], widths[i]);
    out += row.back() + "\n";
  }
  return out;
}

std::optional<std::int64_t> parse_span(std::string_view text) {
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  std::int64_t count = 0;
  for (char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    count = count * 10 + (c - '0');
  }
  switch (text.back()) {
    case 's':
      return count * 1000;
    case 'm':
      return count * 60000;
    case 'h':
      return count * 3600000;
    case 'd':
      return count * 86400000;
    default:
      return std::nullopt;
  }
}

}  // namespace durward::audit
