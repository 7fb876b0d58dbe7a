#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "policy/rulebook.hpp"
#include "policy/tool.hpp"
#include "tests/fuzz/fuzz.hpp"

// Any lists and names: the compiled rulebook decides as a plain reading of the patterns does, and its proofs agree with it.
namespace {

using namespace durward;
using namespace durward::fuzz;
using policy::Effect;
using policy::Listing;
using policy::Target;
using policy::Verdict;

/// The words of a line, as a list of the policy.
config::Patterns list(std::string_view words) {
  config::Patterns out;
  while (!words.empty() && out.size() < 16) {
    const std::size_t end = words.find(' ');
    if (end != 0) out.push_back({std::string(words.substr(0, end)), {}});
    words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
  }
  return out;
}

/// A glob by dynamic programming, which no cleverness can get wrong.
bool plain_glob(std::string_view pattern, std::string_view text) {
  std::vector<char> reach(text.size() + 1, 0);
  reach[0] = 1;
  for (const char c : pattern) {
    std::vector<char> next(text.size() + 1, 0);
    for (std::size_t i = 0; i <= text.size(); ++i) {
      if (c == '*') next[i] = reach[i] || (i > 0 && next[i - 1]);
      if (c != '*' && i > 0) next[i] = reach[i - 1] && text[i - 1] == c;
    }
    reach = next;
  }
  return reach[text.size()] != 0;
}

struct Plain {
  std::string server, tool, version;  // version: `*` where it is open
};

/// A pattern that the rulebook took, taken apart again.
Plain plain(std::string text) {
  if (text == "*" || text == "mcp://*") return {"*", "*", "*"};
  text.erase(0, 6);
  const std::size_t slash = text.find('/');
  const std::size_t at = text.find('@');
  const std::string version = at == std::string::npos ? "*" : text.substr(at + 1);
  return {text.substr(0, slash), text.substr(slash + 1, at == std::string::npos ? at : at - slash - 1), version};
}

bool plain_match(const config::Patterns& patterns, std::string_view tool, std::string_view version, bool unknown_is_any) {
  const auto forbidden = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/' || c == '@' || c == '%';
  };
  if (tool.empty() || tool.size() > policy::kLongestToolName || std::any_of(tool.begin(), tool.end(), forbidden)) return false;
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& each) {
    const Plain one = plain(each.value);
    const bool open = one.version.find_first_not_of('*') == std::string::npos;
    const bool known = version.find_first_of("/@") == std::string_view::npos && plain_glob(one.version, version);
    const bool version_too = open || (version.empty() ? unknown_is_any : known);
    return plain_glob(one.server, "s") && plain_glob(one.tool, tool) && version_too;
  });
}

Verdict strictest(const policy::Decision& decision) {
  auto verdict = Verdict::allow;
  for (const auto& finding : decision.findings) {
    if (finding.effect == Effect::deny) verdict = Verdict::deny;
    if (finding.effect == Effect::escalate) verdict = std::max(verdict, Verdict::escalate);
  }
  return verdict;
}

bool found(const policy::Decision& decision, policy::Code code) {
  return std::any_of(decision.findings.begin(), decision.findings.end(), [&](const auto& one) { return one.code == code; });
}

void judge(const policy::Rulebook& book, const config::PolicySettings& settings, std::string_view name,
           std::string_view version) {
  const auto caller = policy::anonymous("tenant");
  const std::array<std::pair<std::string_view, Target>, 6> uses{{{"tools/call", Target::tool},
                                                                 {"prompts/get", Target::prompt},
                                                                 {"resources/read", Target::resource},
                                                                 {"tools/list", Target::none},
                                                                 {"completion/complete", Target::resource},
                                                                 {name, Target::none}}};
  const bool allowed =
      plain_match(settings.allowlist, name, version, false) && !plain_match(settings.denylist, name, version, true);
  for (const auto& [method, target] : uses) {
    for (const auto listing : {Listing::listed, Listing::unlisted, Listing::unavailable}) {
      const policy::Naming naming{"s", method, target, name, version, listing};
      const policy::Decision decision = book.judge(caller, naming);
      must(decision.verdict == strictest(decision) && decision.rulebook == book.digest());
      must(book.visible(caller, naming) == (decision.verdict != Verdict::deny));
      const auto granted = policy::grant(book, caller, naming);
      must(!granted || decision.verdict == Verdict::allow);
      if (target != Target::tool) continue;
      must(found(decision, policy::Code::tool_not_in_allowlist) == !allowed);
      if (granted) {
        must(listing == Listing::listed || book.names_literally("s", name));
        must(granted->ref().tool == name && granted->server() == "s" && granted->ref().version == version);
      }
    }
  }
  // What is not a server has nothing.
  must(!policy::grant(book, caller, {"other", "tools/call", Target::tool, name, version, Listing::listed}));
}

std::vector<policy::Pattern> parsed(const config::Patterns& patterns) {
  std::vector<policy::Pattern> out;
  for (const auto& one : patterns) out.push_back(*policy::Pattern::parse(one.value));
  return out;
}

void compare(const std::vector<policy::Pattern>& patterns, std::string_view name, std::string_view version) {
  for (const auto& one : patterns) {
    must(plain_glob(one.text(), name) == policy::glob(one.text(), name));
    for (const auto& other : patterns) {
      if (!one.covers(other)) continue;
      must(!other.matches("s", name, version) || one.matches("s", name, version));
      must(!other.may_match("s", name, version) || one.may_match("s", name, version));
    }
  }
}

}  // namespace

// Lines: the allowlist, the denylist, codes, lists of methods, prompts and resources as the first byte says, a version, names.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest = text_of(data + 1, size - 1);
  const unsigned flags = data[0];
  config::PolicySettings settings;
  settings.mode = (flags & 1U) != 0 ? config::Mode::observe : config::Mode::enforce;
  settings.allowlist = list(take_line(rest));
  settings.denylist = list(take_line(rest));
  const auto codes = list(take_line(rest));
  if ((flags & 2U) != 0) settings.deny_on = codes;
  if ((flags & 4U) != 0) settings.escalate_on = codes;
  if ((flags & 8U) != 0) settings.servers["s"].methods = list(take_line(rest));
  if ((flags & 16U) != 0) settings.servers["s"].prompts = list(take_line(rest));
  if ((flags & 32U) != 0) settings.servers["s"].resources = list(take_line(rest));
  std::map<std::string, config::Server> servers;
  servers["s"].name = "s";
  std::vector<config::Diagnostic> diagnostics;
  const auto book = policy::Rulebook::compile(settings, servers, diagnostics);
  must((book == nullptr) == config::has_errors(diagnostics));
  if (!book) return 0;
  must(book->digest().size() == 71 && book->digest() == policy::Rulebook::compile(settings, servers, diagnostics)->digest());
  auto other = settings;
  other.allowlist.push_back({"mcp://s/one-more-tool", {}});
  must(book->digest() != policy::Rulebook::compile(other, servers, diagnostics)->digest());
  const std::string_view version = take_line(rest);
  const auto patterns = parsed(settings.allowlist);
  for (int names = 0; names < 8 && !rest.empty(); ++names) {
    const std::string_view name = take_line(rest);
    judge(*book, settings, name, version);
    compare(patterns, name, version);
  }
  return 0;
}
