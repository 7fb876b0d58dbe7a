#include "policy/self_test.hpp"

#include <algorithm>

namespace durward::policy {
namespace {

// Neither is a name that a configuration or a revision can have: it holds a space.
constexpr const char* kNoServer = "no such server";
constexpr const char* kNoMethod = "no such method";

Naming question(std::string_view server, std::string_view method, Target target, std::string_view name) {
  Naming out;
  out.server = server;
  out.method = method;
  out.target = target;
  out.name = name;
  return out;
}

bool same(const Decision& a, const Decision& b) {
  const auto equal = [](const Finding& x, const Finding& y) {
    return x.code == y.code && x.effect == y.effect && x.at == y.at && x.rule == y.rule;
  };
  return a.verdict == b.verdict && a.rules == b.rules &&
         std::equal(a.findings.begin(), a.findings.end(), b.findings.begin(), b.findings.end(), equal);
}

}  // namespace

std::optional<std::string> self_test(const Judging& judge, const std::vector<std::string>& servers) {
  const Principal nobody = anonymous("self-test");
  for (const char* method : {"tools/call", "tools/list", "ping"}) {
    if (judge(nobody, question(kNoServer, method, Target::none, {})).verdict != Verdict::deny)
      return std::string(method) + " of a server that is not there is not denied";
  }
  for (const std::string& server : servers) {
    if (judge(nobody, question(server, kNoMethod, Target::none, {})).verdict != Verdict::deny)
      return "a method that no revision has is not denied for the server `" + server + "`";
    const Naming tool = question(server, "tools/call", Target::tool, "self-test");
    if (!same(judge(nobody, tool), judge(nobody, tool)))
      return "the same question about the server `" + server + "` gets two answers";
  }
  return std::nullopt;
}

std::optional<std::string> self_test(const Rulebook& rulebook, const std::vector<std::string>& servers) {
  const auto judge = [&rulebook](const Principal& principal, const Naming& naming) {
    return rulebook.judge(principal, naming);
  };
  if (auto wrong = self_test(Judging(judge), servers)) return wrong;
  for (const std::string& server : servers) {
    // Checks 3 to 5 of a call that has nothing in it: they end, whatever they say.
    auto granted = grant(rulebook, anonymous("self-test"), question(server, "tools/call", Target::tool, "self-test"));
    if (!granted) continue;
    if (auto cleared = decide(rulebook, *std::move(granted), Call{}); !cleared && cleared.error().decision.findings.empty())
      return "a call of the server `" + server + "` is denied for nothing";
  }
  return std::nullopt;
}

}  // namespace durward::policy
