#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "config/document.hpp"
#include "config/utf8.hpp"

namespace durward::config {

void Report::add(Severity severity, Position where, std::string message, int hidden_from) {
  failed_ = failed_ || severity == Severity::error;
  if (full()) {
    ++dropped_;
    return;
  }
  all_.push_back({severity, std::move(where), std::move(message), hidden_from});
}

void Report::error(Position where, std::string message, int hidden_from) {
  add(Severity::error, std::move(where), std::move(message), hidden_from);
}

void Report::warning(Position where, std::string message) { add(Severity::warning, std::move(where), std::move(message), 0); }

Position Report::where(const std::string& path) const {
  const auto found = seen_.find(path);
  return found == seen_.end() ? at(0, 0) : found->second;
}

std::vector<Diagnostic> Report::take() {
  std::stable_sort(all_.begin(), all_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.where.line, a.where.column) < std::tie(b.where.line, b.where.column);
  });
  if (dropped_ > 0) {
    const Severity severity = failed_ ? Severity::error : Severity::warning;
    all_.push_back({severity, at(0, 0), fmt::format("{} further problems are not shown", std::exchange(dropped_, 0))});
  }
  return std::exchange(all_, {});
}

std::string quote(std::string_view value) {
  constexpr std::size_t kLongest = 60;
  if (value.size() <= kLongest) return fmt::format("\"{}\"", value);
  std::size_t end = 0;
  while (end < kLongest) end += std::max<std::size_t>(utf8_length(value, end), 1);
  return fmt::format("\"{}…\"", value.substr(0, end));
}

}  // namespace durward::config
