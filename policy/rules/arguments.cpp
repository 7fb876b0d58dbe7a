#include "policy/rules/arguments.hpp"

#include <algorithm>
#include <charconv>

namespace durward::policy::rules {
namespace {

std::string unescaped(std::string_view step) {
  std::string out;
  for (std::size_t i = 0; i < step.size(); ++i) {
    const bool escape = step[i] == '~' && i + 1 < step.size();
    out += escape ? (step[i + 1] == '0' ? '~' : '/') : step[i];
    if (escape) ++i;
  }
  return out;
}

std::optional<std::size_t> index_of(std::string_view step) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  const bool plain = error == std::errc() && end == step.data() + step.size() && (step == "0" || step.front() != '0');
  if (!plain) return std::nullopt;
  return index;
}

}  // namespace

Pointer::Pointer(std::string_view whole) : text(whole) {
  while (!whole.empty()) {
    whole.remove_prefix(1);  // the slash
    const std::size_t end = std::min(whole.find('/'), whole.size());
    steps.push_back(unescaped(whole.substr(0, end)));
    whole.remove_prefix(end);
  }
}

std::string_view Argument::text() {
  if (!plain_) plain_.emplace(value_.plain());
  if (*plain_) return **plain_;
  if (!decoded_) decoded_ = value_.string();
  return *decoded_;
}

const std::optional<schema::Number>& Argument::number() {
  if (!number_) number_.emplace(schema::Number::read(value_.raw()));
  return *number_;
}

const sql::Reading& Argument::sql() {
  if (!sql_) sql_ = sql::read(text());
  return *sql_;
}

const Argument::Shell& Argument::shell() {
  if (!shell_) {
    const shell::Reading reading = shell::read(text());
    shell_ = Shell{reading.found, reading.clear};
  }
  return *shell_;
}

json::Value resolve(json::Value root, const Pointer& pointer) {
  for (const std::string& step : pointer.steps) {
    if (root.is(json::Kind::array)) {
      const auto index = index_of(step);
      root = index ? root.at(*index) : json::Value();
    } else {
      root = root.find(step);
    }
    if (!root) break;
  }
  return root;
}

Argument& Arguments::at(std::uint32_t pointer) {
  const auto known = std::find_if(read_.begin(), read_.end(), [pointer](const Read& one) { return one.pointer == pointer; });
  if (known != read_.end()) return known->argument;
  return read_.emplace_back(Read{pointer, Argument(resolve(root_, pointers_[pointer]))}).argument;
}

}  // namespace durward::policy::rules
