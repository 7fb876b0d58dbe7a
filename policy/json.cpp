#include "policy/json.hpp"

#include <charconv>

#include "policy/json_text.hpp"

namespace durward::json {
namespace {

constexpr std::int64_t kLargest = 9'007'199'254'740'991;  // 2^53 - 1

}  // namespace

std::size_t Value::offset() const { return document_ == nullptr ? 0 : document_->nodes_[index_].begin; }

Value Value::find(std::string_view key) const {
  if (!is(Kind::object)) return {};
  const Document::Node* const nodes = document_->nodes_.data();
  const char* const text = document_->text_.data();
  for (std::uint32_t at = index_ + 1; at < nodes[index_].next; at = nodes[at + 1].next) {
    const Document::Node& name = nodes[at];
    // Without escapes the token is the name in quotes. This is what most of a gateway's reading of JSON comes down to.
    const bool same = (name.bits & Document::kEscaped) == 0
                          ? std::string_view(text + name.begin + 1, name.end - name.begin - 2) == key
                          : Value(document_, at).string() == key;
    if (same) return {document_, at + 1};
  }
  return {};
}

Value Value::at(std::size_t index) const {
  for (const Value element : elements()) {
    if (index-- == 0) return element;
  }
  return {};
}

std::size_t Value::size() const { return document_ == nullptr ? 0 : document_->nodes_[index_].bits / Document::kOneChild; }

std::string Value::string() const {
  if (!is(Kind::string)) return {};
  const std::string_view token = raw();
  return unescape(token.substr(1, token.size() - 2), Lone::replace);
}

bool Value::equals(std::string_view text) const {
  if (!is(Kind::string)) return false;
  const auto view = plain();
  return view ? *view == text : string() == text;
}

std::optional<std::int64_t> Value::integer() const {
  if (!is(Kind::number)) return std::nullopt;
  const std::string_view token = raw();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), number);
  const bool whole = error == std::errc() && end == token.data() + token.size();
  if (!whole || number > kLargest || number < -kLargest) return std::nullopt;
  return number;
}

bool Value::boolean() const { return is(Kind::boolean) && raw() == "true"; }

}  // namespace durward::json
