#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "config/rule_settings.hpp"
#include "policy/compile.hpp"
#include "policy/permissions/hosts.hpp"
#include "policy/permissions/path.hpp"
#include "policy/rules/arguments.hpp"
#include "policy/schema/budget.hpp"
#include "policy/schema/pattern.hpp"

namespace durward::policy::rules {

/// Whether something holds. Unknown: it could not be asked (a missing argument, a value of another type, an expression that
/// would cost too much), which denies.
enum class Truth : std::uint8_t { no, unknown, yes };
std::string_view name(Truth truth) noexcept;

/// Whether both hold. What is plainly false is false, whatever the other might be: the order of two conditions means nothing.
inline Truth both(Truth a, Truth b) { return a < b ? a : b; }

/// Steps that all regular expressions of one decision may cost together, as schema::Budget counts them. It prices an expression
/// by its size as if it never found its way into RE2's automaton, where a byte costs a hundredth of that.
inline constexpr std::uint64_t kWork = 4'000'000;

/// One predicate, compiled. Immutable.
class Predicate {
 public:
  /// Nothing where an operand is not good for it: then diagnostics say why.
  static std::optional<Predicate> compile(const config::Predicate& setting, Diagnostics& diagnostics);
  config::Ask ask() const { return ask_; }
  Truth test(Argument& argument, schema::Budget& budget) const;

 private:
  Truth of_text(Argument& argument, schema::Budget& budget) const;
  Truth of_number(json::Value value) const;
  Truth of_size(Argument& argument) const;
  bool read(const config::Scalar& operand, std::string& fault);
  bool text_holds(std::string_view text, const config::Scalar& operand) const;
  config::Ask ask_ = config::Ask::exists;
  std::vector<config::Scalar> operands_;
  std::uint64_t size_ = 0;  // of size_gt
  // Of each predicate that has readers of its own, one for each operand.
  std::vector<schema::Pattern> expressions_;
  std::vector<permissions::HostPattern> hosts_;
  std::vector<permissions::Network> networks_;
  std::vector<permissions::PathPattern> folders_;
};

}  // namespace durward::policy::rules
