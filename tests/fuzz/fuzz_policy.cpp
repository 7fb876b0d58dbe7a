#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "policy/rulebook.hpp"

namespace {

using namespace durward;

void require(bool good) {
  if (!good) std::abort();
}

/// One line of the input; the rest stays.
std::string_view line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view one = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return one;
}

/// The words of a line, as a list of the policy.
config::Patterns list(std::string_view words) {
  config::Patterns out;
  while (!words.empty()) {
    const std::size_t end = words.find(' ');
    if (end != 0) out.push_back({std::string(words.substr(0, end)), {}});
    words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
  }
  return out;
}

policy::Verdict strictest(const policy::Decision& decision) {
  auto verdict = policy::Verdict::allow;
  for (const auto& finding : decision.findings) {
    if (finding.effect == policy::Effect::deny) verdict = policy::Verdict::deny;
    if (finding.effect == policy::Effect::escalate) verdict = std::max(verdict, policy::Verdict::escalate);
  }
  return verdict;
}

void judge(const policy::Rulebook& book, std::string_view server, std::string_view name, std::string_view version) {
  const auto caller = policy::anonymous("tenant");
  const std::array<std::pair<std::string_view, policy::Target>, 6> uses{{{"tools/call", policy::Target::tool},
                                                                         {"prompts/get", policy::Target::prompt},
                                                                         {"resources/read", policy::Target::resource},
                                                                         {"tools/list", policy::Target::none},
                                                                         {"completion/complete", policy::Target::resource},
                                                                         {name, policy::Target::none}}};
  for (const auto& [method, target] : uses) {
    for (const auto listing : {policy::Listing::listed, policy::Listing::unlisted, policy::Listing::unavailable}) {
      const policy::Naming naming{server, method, target, name, version, listing};
      const policy::Decision decision = book.judge(caller, naming);
      require(decision.verdict == strictest(decision));
      require(book.visible(caller, naming) == (decision.verdict != policy::Verdict::deny));
      const auto granted = policy::grant(book, caller, naming);
      require(!granted || decision.verdict == policy::Verdict::allow);
      if (granted && target == policy::Target::tool) {
        require(listing == policy::Listing::listed || book.names_literally(server, name));
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  if (rest.empty()) return 0;
  const auto flags = static_cast<unsigned char>(rest[0]);
  rest.remove_prefix(1);
  config::PolicySettings settings;
  settings.mode = (flags & 1) != 0 ? config::Mode::observe : config::Mode::enforce;
  settings.allowlist = list(line(rest));
  settings.denylist = list(line(rest));
  const auto codes = list(line(rest));
  if ((flags & 2) != 0) settings.deny_on = codes;
  if ((flags & 4) != 0) settings.escalate_on = codes;
  if ((flags & 8) != 0) settings.servers["s"].methods = list(line(rest));
  if ((flags & 16) != 0) settings.servers["s"].prompts = list(line(rest));
  if ((flags & 32) != 0) settings.servers["s"].resources = list(line(rest));
  std::map<std::string, config::Server> servers;
  servers["s"].name = "s";
  std::vector<config::Diagnostic> diagnostics;
  const auto book = policy::Rulebook::compile(settings, servers, diagnostics);
  require((book == nullptr) == config::has_errors(diagnostics));
  if (!book) return 0;
  require(book->digest().size() == 71);
  const std::string_view version = line(rest);
  while (!rest.empty()) judge(*book, "s", line(rest), version);
  return 0;
}
