#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "policy/rulebook.hpp"

namespace durward::policy {

/// Asks a rulebook, before it takes force, what every rulebook answers alike whatever its policy says: a server that it does
/// not have and a method that no revision has are denied in every mode, every tool can be asked about, and the same question
/// gets the same answer. Returns what it answered wrongly, as a sentence, or nothing. Pure.
std::optional<std::string> self_test(const Rulebook& rulebook, const std::vector<std::string>& servers);

/// The same of anything that judges.
using Judging = std::function<Decision(const Principal&, const Naming&)>;
std::optional<std::string> self_test(const Judging& judge, const std::vector<std::string>& servers);

}  // namespace durward::policy
