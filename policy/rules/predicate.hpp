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
  /// Nothing where an operand is not good for it: then diagnostics say why. allows: it is of a rule that allows. `sql` and
  /// `shell` of such a rule hold of a text that does nothing but what they list; those of any other hold of one that does, or
  /// could do, something of it.
  static std::optional<Predicate> compile(const config::Predicate& setting, bool allows, Diagnostics& diagnostics);
  Predicate(Predicate&&) = default;
  Predicate& operator=(Predicate&&) = default;
  config::Ask ask() const { return ask_; }
  const std::vector<config::Scalar>& operands() const { return operands_; }
  Truth test(Argument& argument, schema::Budget& budget) const;

 private:
  Truth of_text(Argument& argument, schema::Budget& budget) const;
  Truth of_number(Argument& argument) const;
  Truth equal(Argument& argument, std::size_t operand) const;
  bool of_shell(const Argument::Shell& shell) const;
  Truth of_size(Argument& argument) const;
  Predicate() = default;
  bool read(const config::Scalar& operand, std::string& fault);
  void read_numbers();
  bool text_holds(std::string_view text, const config::Scalar& operand) const;
  config::Ask ask_ = config::Ask::exists;
  std::vector<config::Scalar> operands_;
  std::vector<std::optional<schema::Number>> numbers_;  // of operands_, in which they lie; of gt, ge, lt, le, eq and in
  std::uint64_t size_ = 0;                              // of size_gt
  sql::Classes classes_ = 0;
  shell::Found categories_;
  bool allows_ = false;
  // Of each predicate that has readers of its own, one for each operand.
  std::vector<schema::Pattern> expressions_;
  std::vector<permissions::HostPattern> hosts_;
  std::vector<permissions::Network> networks_;
  std::vector<permissions::PathPattern> folders_;
};

}  // namespace durward::policy::rules
