#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "policy/json.hpp"

/// Changes to a JSON text that leave every other byte where it was.
namespace durward::gateway {

struct Message;

/// Replace the bytes [begin, end) of a document's text. Offsets are those of json::Value::offset.
struct Edit {
  std::size_t begin;
  std::size_t end;
  std::string with;
  bool operator==(const Edit&) const = default;
};

/// text with all edits made. They may come in any order. Overlapping or out-of-range edits are a defect: std::logic_error.
/// An object, not a function, so that argument-dependent lookup does not find std::apply instead.
struct Apply {
  std::string operator()(std::string_view text, std::vector<Edit> edits) const;
};
inline constexpr Apply apply{};

/// Appends the edits that remove the children of an array or object for which gone is true, each with exactly one comma.
/// gone has one entry per element or member.
void cut(json::Value container, const std::vector<bool>& gone, std::vector<Edit>& edits);

/// The edit that puts other JSON text in a value's place.
Edit replace(json::Value value, std::string with);

/// Where `params._meta` exists: members with our own prefix `durward/` are removed, and the value of a `traceparent`
/// member is replaced by ours (no edit if traceparent is empty). Nothing else changes; no `_meta`, no edit.
std::vector<Edit> meta_edits(const Message& message, std::string_view traceparent);

}  // namespace durward::gateway
