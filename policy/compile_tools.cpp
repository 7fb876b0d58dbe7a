#include <algorithm>

#include "policy/compile.hpp"

namespace durward::policy {
namespace {

/// A pattern as compiled, and where it stands.
struct Placed {
  Pattern pattern;
  config::Position where;
};

void look_for_server(const Placed& placed, const Servers& servers, Diagnostics& diagnostics) {
  const bool some =
      std::any_of(servers.begin(), servers.end(), [&](const auto& one) { return placed.pattern.may_match_server(one.first); });
  if (some) return;
  warning(
      diagnostics, placed.where,
      "`" + placed.pattern.text() + "` matches no configured server" + suggestion(placed.pattern.server(), names_of(servers)));
}

std::vector<Placed> parse(const config::Patterns& entries, const Servers& servers, Diagnostics& diagnostics) {
  std::vector<Placed> out;
  for (const auto& entry : entries) {
    auto pattern = Pattern::parse(entry.value);
    if (!pattern) {
      error(diagnostics, entry.where, pattern.error());
      continue;
    }
    out.push_back({*std::move(pattern), entry.where});
    look_for_server(out.back(), servers, diagnostics);
    if (entry.value.find_first_of("?[]{}") != std::string::npos) {
      warning(diagnostics, entry.where,
              "only `*` is a wildcard: `" + entry.value + "` is compared with every other character as it stands");
    }
  }
  return out;
}

std::vector<Pattern> patterns_of(std::vector<Placed> placed) {
  std::vector<Pattern> out;
  out.reserve(placed.size());
  for (Placed& one : placed) out.push_back(std::move(one.pattern));
  return out;
}

}  // namespace

std::vector<Pattern> compile_list(const config::Patterns& entries, const Servers& servers, Diagnostics& diagnostics) {
  return patterns_of(parse(entries, servers, diagnostics));
}

ToolPatterns compile_patterns(const config::PolicySettings& policy, const Servers& servers, Diagnostics& diagnostics) {
  std::vector<Placed> allow = parse(policy.allowlist, servers, diagnostics);
  std::vector<Placed> deny = parse(policy.denylist, servers, diagnostics);
  for (const Placed& one : allow) {
    const auto over =
        std::find_if(deny.begin(), deny.end(), [&one](const Placed& other) { return other.pattern.covers(one.pattern); });
    if (over == deny.end()) continue;
    warning(diagnostics, one.where,
            "`" + one.pattern.text() + "` allows nothing: `" + over->pattern.text() + "` in the denylist covers it");
  }
  if (policy.allowlist.empty()) warning(diagnostics, {policy.file, 0, 0}, "the allowlist is empty: no tool may be called");
  return {patterns_of(std::move(allow)), patterns_of(std::move(deny))};
}

}  // namespace durward::policy
