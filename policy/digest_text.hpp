#pragma once
#include <set>
#include <string>
#include <string_view>

#include "config/policy_settings.hpp"
#include "policy/canonical.hpp"

/// JSON of what a rulebook was compiled from, for its digest. Members may come in any order: it is made canonical.
namespace durward::policy {

/// One JSON object under way.
class Object {
 public:
  Object& add(std::string_view name, std::string_view json) {
    text_ += text_.size() > 1 ? "," : "";
    json::append_string(text_, name);
    text_ += ':';
    text_ += json;
    return *this;
  }
  std::string done() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

/// strings: each becomes a JSON string.
template <class Strings>
std::string array(const Strings& strings) {
  std::string text = "[";
  for (const auto& one : strings) {
    if (text.size() > 1) text += ',';
    json::append_string(text, one);
  }
  return text + "]";
}

/// values: each is JSON already.
template <class Values>
std::string array_of(const Values& values) {
  std::string text = "[";
  for (const auto& one : values) text.append(text.size() > 1 ? "," : "").append(one);
  return text + "]";
}

/// A list in which neither order nor repetition means anything.
inline std::string set_of(const config::Patterns& entries) {
  std::set<std::string> values;
  for (const auto& entry : entries) values.insert(entry.value);
  return array(values);
}

/// The rules, by their ids: their order means nothing.
std::string digest_text(const std::vector<config::Rule>& rules);
std::string digest_text(const config::Entitlements& entitlements);

}  // namespace durward::policy
