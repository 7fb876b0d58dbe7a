#include "policy/methods.hpp"

#include <algorithm>

namespace durward::policy {
namespace {

constexpr bool before(const Method& a, const Method& b) { return a.name < b.name; }
static_assert(std::is_sorted(kMethods.begin(), kMethods.end(), before), "names are found by bisection");

}  // namespace

std::optional<std::size_t> method_index(std::string_view name) noexcept {
  const auto* found = std::lower_bound(kMethods.begin(), kMethods.end(), Method{name, Subject::other, false}, before);
  if (found == kMethods.end() || found->name != name) return std::nullopt;
  return static_cast<std::size_t>(found - kMethods.begin());
}

}  // namespace durward::policy
