// Reads policies and requests as lines of JSON and prints what is decided, a line each: for tests/policy/differential.
//   {"policy": "<YAML>"}   the policy of the requests that follow; prints `policy DIGEST`, or what is wrong
//   {"server": …}          a request as `durward policy explain` reads it; prints `VERDICT code=effect:rule …`
#include <algorithm>
#include <iostream>
#include <string>

#include "config/load.hpp"
#include "policy/authoring.hpp"
#include "policy/explain.hpp"

using namespace durward;
using namespace durward::policy;

namespace {

std::shared_ptr<const Rulebook> compile(const std::string& text) {
  const auto loaded = config::parse_policy(text, "policy.yaml");
  if (!loaded.value) {
    std::cout << config::render(loaded);
    return nullptr;
  }
  std::map<std::string, config::Server> servers = servers_named_in(*loaded.value);
  for (const char* name : {"s0", "s1"}) {
    servers[name].name = name;
    servers[name].tools = {{{"r*", {}}, {config::ToolKind::read}},
                           {{"x*", {}}, {config::ToolKind::exec, config::ToolKind::egress}}};
  }
  std::vector<config::Diagnostic> diagnostics;
  auto book = Rulebook::compile(*loaded.value, servers, diagnostics);
  if (!book) std::cout << config::render(diagnostics, text);
  return book;
}

std::string told(const Explanation& explanation) {
  std::vector<std::string> findings;
  for (const Finding& one : explanation.decision.findings) {
    const bool ruled = one.code == Code::rule || one.code == Code::policy_error;
    findings.push_back(std::string(info(one.code).name) + "=" + std::string(name(one.effect)) + (ruled ? ":" + one.rule : ""));
  }
  std::sort(findings.begin(), findings.end());
  std::string out(name(explanation.decision.verdict));
  for (const std::string& one : findings) out += " " + one;
  return out;
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::shared_ptr<const Rulebook> book;
  for (std::string line; std::getline(std::cin, line);) {
    const auto document = json::Document::parse(line);
    if (!document) return 2;
    if (const json::Value policy = document->root().find("policy")) {
      book = compile(policy.string());
      if (!book) return 2;
      std::cout << "policy " << book->digest() << "\n";
      continue;
    }
    const auto supposed = read_supposed(document->root(), 0);
    if (!book || !supposed) return 2;
    const Explanation explanation = explain(*book, *supposed);
    if (as_json(explanation) != as_json(explain(*book, *supposed))) return 3;  // the same inputs, the same bytes
    std::cout << told(explanation) << "\n";
  }
  return 0;
}
