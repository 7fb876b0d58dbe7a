#pragma once
#include <string>
#include <string_view>

#include "policy/json.hpp"
#include "policy/json_text.hpp"

namespace durward::schema {

/// What a JSON string stands for: a view into the document, or a copy where there are escapes. A lone surrogate keeps its own
/// three bytes, so that strings which differ stay different. Valid as long as it and the document are.
class Text {
 public:
  explicit Text(json::Value string) {
    if (const auto plain = string.plain()) {
      view_ = *plain;
    } else if (string.is(json::Kind::string)) {
      const std::string_view token = string.raw();
      own_ = json::unescape(token.substr(1, token.size() - 2), json::Lone::keep);
      view_ = own_;
    }
  }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  std::string_view view() const { return view_; }

 private:
  std::string own_;
  std::string_view view_;
};

/// The member of an object by its name in that sense; absent if there is none.
inline json::Value member(json::Value object, std::string_view name) {
  for (const json::Member one : object.members()) {
    if (Text(one.key).view() == name) return one.value;
  }
  return {};
}

}  // namespace durward::schema
