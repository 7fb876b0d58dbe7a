#include "gateway/lists.hpp"

#include <algorithm>
#include <array>

#include "gateway/message.hpp"
#include "gateway/vocabulary.hpp"

namespace durward::gateway {
namespace {

using json::Kind;
using json::Value;
using policy::Outcome;
using policy::Reason;
using policy::Target;
using policy::Violation;

struct About {
  ListKind kind;
  std::string_view member;  // of the result
  std::string_view named;   // of an item
  Target target;
  std::string_view lists, uses;  // methods
};

constexpr std::array<About, 4> kAbout{
    {{ListKind::tools, "tools", "name", Target::tool, "tools/list", "tools/call"},
     {ListKind::prompts, "prompts", "name", Target::prompt, "prompts/list", "prompts/get"},
     {ListKind::resources, "resources", "uri", Target::resource, "resources/list", "resources/read"},
     {ListKind::resource_templates, "resourceTemplates", "uriTemplate", Target::resource, "resources/templates/list",
      "resources/read"}}};

const About& about(ListKind kind) { return kAbout[static_cast<std::size_t>(kind)]; }

/// The item's name, or empty where it has none that every client reads alike.
std::string name_of(Value item, const About& kind) {
  for (const json::Member member : item.members()) {
    if (is_case_variant(member.key, kind.named)) return {};
  }
  return item.find(kind.named).string();
}

void filter(Value list, const About& kind, const Visible& visible, Filtered& out) {
  std::vector<bool> gone;
  for (const Value item : list.elements()) {
    std::string name = name_of(item, kind);
    const bool shown = !name.empty() && visible(kind.target, name, kind.uses);
    gone.push_back(!shown);
    if (!name.empty()) out.items.push_back({kind.kind, std::move(name), item, shown});
  }
  out.hidden += static_cast<std::size_t>(std::count(gone.begin(), gone.end(), true));
  cut(list, gone, out.edits);
}

std::optional<Edit> cut_revisions(Value versions) {
  if (!versions.is(Kind::array)) return std::nullopt;
  std::string kept;
  bool cut_one = false;
  for (const Value version : versions.elements()) {
    if (speaks(version.string())) {
      kept.append(kept.empty() ? "" : ",").append(version.raw());
    } else {
      cut_one = true;
    }
  }
  if (!cut_one) return std::nullopt;
  return replace(versions, "[" + kept + "]");
}

}  // namespace

std::string_view list_method(ListKind kind) noexcept { return about(kind).lists; }
std::string_view use_method(ListKind kind) noexcept { return about(kind).uses; }

std::vector<ListKind> lists_in(Value result) {
  std::vector<ListKind> kinds;
  for (const About& each : kAbout) {
    if (result.find(each.member)) kinds.push_back(each.kind);
  }
  return kinds;
}

Outcome<Filtered> filter_lists(Value result, const Visible& visible) {
  Filtered out;
  out.kinds = lists_in(result);
  for (const ListKind kind : out.kinds) {
    const Value list = result.find(about(kind).member);
    if (!list.is(Kind::array)) return Violation(Reason::upstream_failed, "a list that is not an array");
    filter(list, about(kind), visible, out);
  }
  const Value scope = result.find("cacheScope");
  if (!out.kinds.empty() && scope && !scope.equals("private")) out.edits.push_back(replace(scope, "\"private\""));
  return out;
}

std::optional<Edit> cut_versions(Value result) { return cut_revisions(result.find("supportedVersions")); }

std::optional<Edit> cut_supported(Value error) {
  if (error.find("code").integer() != -32022) return std::nullopt;
  return cut_revisions(error.find("data").find("supported"));
}

}  // namespace durward::gateway
