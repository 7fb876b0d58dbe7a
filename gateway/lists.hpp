#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/splice.hpp"
#include "policy/json.hpp"
#include "policy/outcome.hpp"
#include "policy/rulebook.hpp"

/// List results, judged item by item by the rulebook that decides calls. Shape decides what is a list, not the request.
namespace durward::gateway {

enum class ListKind : std::uint8_t { tools, prompts, resources, resource_templates };
/// The method whose answer is such a list, and the method that uses an item of it ("tools/call").
std::string_view list_method(ListKind kind) noexcept;
std::string_view use_method(ListKind kind) noexcept;

/// The lists that a result object holds by its member names; usually none or one.
std::vector<ListKind> lists_in(json::Value result);

/// One item that can be named. A template is judged by its uriTemplate, as a resource.
struct Item {
  ListKind kind;
  std::string name;
  json::Value value;
  bool shown;
};

struct Filtered {
  std::vector<ListKind> kinds;  // empty: the result holds no list, and there are no edits
  std::vector<Edit> edits;
  std::vector<Item> items;  // in document order, hidden ones too: what the catalogue learns
  std::size_t hidden = 0;   // items removed, unreadable ones included
};

/// (what, its name, the method that would use it) → may be seen
using Visible = std::function<bool(policy::Target, std::string_view name, std::string_view method)>;

/// Hides what is not visible, what is no object, and what has no string name (or a second one that differs by case only).
/// Order, nextCursor and every other byte stay; a `cacheScope` becomes "private". result is that of an Incoming, so a list
/// cannot hide under `Tools`. Errors: upstream_failed, where a list is not an array.
policy::Outcome<Filtered> filter_lists(json::Value result, const Visible& visible);

/// `supportedVersions` of a server/discover result cut to the revisions that we speak; absent if nothing is to be cut.
std::optional<Edit> cut_versions(json::Value result);
/// The same for `data.supported` of an upstream's −32022 error object.
std::optional<Edit> cut_supported(json::Value error);

}  // namespace durward::gateway
