#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/methods.hpp"
#include "policy/permissions/permissions.hpp"
#include "policy/rulebook.hpp"

namespace durward::policy::rules {
class Table;
}

/// What a rulebook is made of. Only compile.cpp writes it; rulebook.cpp reads it.
namespace durward::policy {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

/// The patterns of one list that may match a server, by what finds them.
struct PatternList {
  std::unordered_map<std::string, std::vector<Pattern>, TextHash, std::equal_to<>> by_tool;  // the tool has no star
  std::vector<Pattern> globs;
};

struct KindRule {
  std::string pattern;
  std::uint8_t kinds;
};

struct ServerTable {
  std::string version;  // configured: it overrides what the upstream reports; empty: none
  PatternList allow, deny;
  std::vector<KindRule> kinds;  // the first that matches wins
  /// The operator's pattern that allows a method, an empty one where no list is written, null where it is denied.
  std::array<const std::string*, kMethods.size()> methods{};
  std::array<const std::string*, kMethods.size()> without_tools{};  // likewise, for whom no tool of it is entitled
  std::optional<std::vector<std::string>> prompts, resources;
  std::vector<std::string> method_patterns;          // never changed once `methods` points into it
  std::optional<std::vector<std::string>> versions;  // that its tools may have; absent: any
  bool nameable = false;                             // the principal may name at least one tool, so far as configuration tells
};

struct Rulebook::Tables {
  std::map<std::string, ServerTable, std::less<>> servers;
  std::array<Effect, kCodes> effects{};  // of each code, mode included
  bool tools_pass = false;               // a tool outside the lists is let through
  bool deny_unpinned = false;
  std::unique_ptr<const class Entitlements> entitlements;  // null: none are written
  std::unique_ptr<const rules::Table> rules;
  std::optional<std::uint64_t> max_payload_kb;
  std::unique_ptr<const permissions::Permissions> permissions;
};

}  // namespace durward::policy
