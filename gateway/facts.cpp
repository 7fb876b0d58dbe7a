#include "gateway/facts.hpp"

#include <algorithm>

#include "policy/canonical.hpp"
#include "policy/json.hpp"

namespace durward::gateway {
namespace {

constexpr std::size_t kMost = 64;      // arguments, and values of each list: the record has 32 KiB
constexpr std::size_t kLongest = 256;  // bytes of one of them

std::string array(const std::vector<std::string>& values) {
  std::string out = "[";
  for (std::size_t i = 0; i < std::min(values.size(), kMost); ++i)
    out.append(out.size() > 1 ? "," : "").append(json::quote(values[i].substr(0, kLongest)));
  return out + "]";
}

void member(std::string& out, std::string_view name, std::string_view json) {
  out.append(out.size() > 1 ? "," : "").append(json::quote(name)).append(":").append(json);
}

std::string describe(const std::vector<policy::ArgumentFact>& arguments) {
  std::string out = "{";
  for (std::size_t i = 0; i < std::min(arguments.size(), kMost); ++i) {
    std::string one = "{";
    if (arguments[i].size) member(one, "size", std::to_string(*arguments[i].size));
    member(one, "type", json::quote(arguments[i].type));
    member(out, arguments[i].at, one + "}");
  }
  return out + "}";
}

void describe(std::string& out, const policy::Principal& principal, const std::vector<std::string>& claims) {
  if (!principal.groups().empty()) member(out, "groups", array(principal.groups()));
  if (!principal.roles().empty()) member(out, "roles", array(principal.roles()));
  if (!principal.scopes().empty()) member(out, "scopes", array(principal.scopes()));
  std::string held = "{";
  for (const std::string& claim : claims) {
    if (!principal.claim(claim).empty()) member(held, claim, array(principal.claim(claim)));
  }
  if (held.size() > 1) member(out, "claims", held + "}");
}

}  // namespace

std::string describe_facts(const policy::Decision& decision, const policy::Principal* principal,
                           const std::vector<std::string>& claims) {
  const policy::Facts& facts = decision.facts;
  std::string out = "{";
  if (facts.argument_bytes) member(out, "argument_bytes", std::to_string(*facts.argument_bytes));
  if (!facts.arguments.empty()) member(out, "arguments", describe(facts.arguments));
  if (facts.principal && principal) describe(out, *principal, claims);
  if (!decision.failed.empty()) member(out, "failed", json::quote(decision.failed));
  if (facts.time) member(out, "time", std::to_string(*facts.time));
  if (out.size() == 1) return {};
  const auto document = json::Document::parse(out + "}");
  if (!document) return {};
  const auto canonical = json::jcs(document->root());
  return canonical ? *canonical : std::string();
}

}  // namespace durward::gateway
