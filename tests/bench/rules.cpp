#include <cstdio>
#include <string>
#include <vector>

#include "policy/rules/rules.hpp"
#include "tests/bench/small.hpp"

// What the rules of a policy cost a decision, and what compiling them costs once.
namespace durward::bench {
namespace {

using policy::rules::Table;

constexpr int kTools = 50, kGroups = 20, kBatch = 8;

policy::Servers servers() {
  policy::Servers out;
  out["s"].name = "s";
  return out;
}

config::Rule rule(int number, bool one_tool) {
  config::Rule out;
  out.id.value = "r" + std::to_string(number);
  out.tools.emplace();
  const std::string tool = one_tool ? "tool0" : "tool" + std::to_string(number % kTools);
  out.tools->push_back({"mcp://s/" + (number % 5 == 0 ? tool.substr(0, tool.size() - 1) + "*" : tool), {}});
  if (number % 2 == 0) {
    out.principal.groups.emplace();
    out.principal.groups->push_back({"group" + std::to_string(number % kGroups), {}});
  }
  config::ArgumentCondition condition;
  condition.at.value = number % 3 == 0 ? "/amount" : "/path";
  config::Predicate predicate;
  predicate.ask = number % 3 == 0 ? config::Ask::gt : config::Ask::prefix;
  config::Scalar operand;
  operand.kind = number % 3 == 0 ? config::Scalar::Kind::number : config::Scalar::Kind::text;
  operand.text = number % 3 == 0 ? std::to_string(1'000 + number) : "/srv/" + std::to_string(number);
  predicate.operands.push_back({operand, {}});
  condition.predicates.push_back(predicate);
  out.arguments.push_back(condition);
  return out;
}

void decide(const char* title, int rules, bool one_tool) {
  config::PolicySettings policy;
  for (int i = 0; i < rules; ++i) policy.rules.push_back(rule(i, one_tool));
  policy::Diagnostics diagnostics;
  const double before = microseconds();
  const auto table = Table::compile(policy, servers(), diagnostics);
  const double compiled = microseconds() - before;
  require(!config::has_errors(diagnostics));
  const auto document = json::Document::parse(R"({"path":"/srv/agent/report.txt","amount":129.95,"note":"monthly"})");
  require(static_cast<bool>(document));
  const policy::Principal who = policy::anonymous("acme");
  std::vector<policy::ToolRef> tools;
  for (int i = 0; i < kTools; ++i) tools.push_back({"s", "tool" + std::to_string(one_tool ? 0 : i), ""});
  int decided = 0;
  // A batch asks about one tool, so that p99 is that of the tools which cost most.
  measure(title, kBatch, [&] {
    const auto& tool = tools[static_cast<std::size_t>(decided++ / kBatch % kTools)];
    sink = table->judge({who, tool, 2, document->root(), 0}).matched.size();
  });
  std::printf("  compiled in %.1f ms\n", compiled / 1e3);
}

}  // namespace
}  // namespace durward::bench

int main() {
  using durward::bench::decide;
  durward::bench::heading();
  decide("a decision of 200 rules over 50 tools", 200, false);
  decide("1,000 rules over 50 tools", 1'000, false);
  decide("10,000 rules over 50 tools", 10'000, false);
  decide("1,000 rules, all of the tool that is called", 1'000, true);
}
