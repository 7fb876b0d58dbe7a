#include "policy/rulebook.hpp"

#include <algorithm>

#include "policy/resource.hpp"
#include "policy/tables.hpp"

namespace durward::policy {
namespace {

constexpr auto kMutate = static_cast<std::uint8_t>(config::ToolKind::mutate);

using Test = bool (Pattern::*)(std::string_view, std::string_view, std::string_view) const;

/// The first pattern of the list that matches, or null.
template <Test test>
const Pattern* find(const PatternList& list, const Naming& naming, std::string_view version) {
  const auto matches = [&](const Pattern& one) { return (one.*test)(naming.server, naming.name, version); };
  if (const auto named = list.by_tool.find(naming.name); named != list.by_tool.end()) {
    const auto found = std::find_if(named->second.begin(), named->second.end(), matches);
    if (found != named->second.end()) return &*found;
  }
  const auto found = std::find_if(list.globs.begin(), list.globs.end(), matches);
  return found == list.globs.end() ? nullptr : &*found;
}

/// What a message names, whatever the caller of judge says of it: a use of a thing is never judged as a use of nothing.
Target target_of(const Naming& naming) {
  if (naming.method == "tools/call") return Target::tool;
  if (naming.method == "prompts/get") return Target::prompt;
  const bool resource =
      naming.method == "resources/read" || naming.method == "resources/subscribe" || naming.method == "resources/unsubscribe";
  return resource ? Target::resource : naming.target;
}

const char* pointer_to(const Naming& naming, Target target) {
  if (naming.method == "completion/complete") return target == Target::prompt ? "/params/ref/name" : "/params/ref/uri";
  if (naming.method == "subscriptions/listen") return "/params";
  return target == Target::resource ? "/params/uri" : "/params/name";
}

/// Gathers findings and raises the verdict with them.
class Judgement {
 public:
  Judgement(Decision& decision, const std::array<Effect, kCodes>& effects) : decision_(decision), effects_(effects) {}

  void find(Code code, std::string at = {}, std::string rule = {}) {
    find(code, effects_[static_cast<std::size_t>(code)], std::move(at), std::move(rule));
  }
  void find(Code code, Effect effect, std::string at, std::string rule = {}) {
    if (effect == Effect::deny) decision_.verdict = Verdict::deny;
    if (effect == Effect::escalate) decision_.verdict = std::max(decision_.verdict, Verdict::escalate);
    if (!rule.empty()) decision_.rules.push_back(rule);
    decision_.findings.push_back({code, effect, std::move(at), std::move(rule)});
  }
  void allowed_by(const std::string& pattern) {
    if (!pattern.empty()) decision_.rules.push_back(pattern);
  }

 private:
  Decision& decision_;
  const std::array<Effect, kCodes>& effects_;
};

void judge_method(Judgement& judgement, const ServerTable& server, const Principal& principal, const Naming& naming) {
  const auto index = method_index(naming.method);
  // A method that no revision has could mean anything to an upstream: no mode lets it pass.
  if (!index) return judgement.find(Code::method_not_allowed, Effect::deny, "/method");
  const Method& method = kMethods[*index];
  if (method.about == Subject::plumbing) return;
  // The gateway's own list fetches show nobody anything; without them nothing would be known of the server's tools.
  if (method.lists && principal.method() == AuthnMethod::self) return;
  if (const std::string* pattern = server.methods[*index]) return judgement.allowed_by(*pattern);
  judgement.find(Code::method_not_allowed, "/method");
}

void judge_tool(Judgement& judgement, const ServerTable& server, const Naming& naming) {
  const std::string_view version = server.version.empty() ? naming.version : std::string_view(server.version);
  if (const Pattern* denied = find<&Pattern::may_match>(server.deny, naming, version)) {
    return judgement.find(Code::tool_not_in_allowlist, pointer_to(naming, Target::tool), denied->text());
  }
  if (const Pattern* allowed = find<&Pattern::matches>(server.allow, naming, version))
    return judgement.allowed_by(allowed->text());
  judgement.find(Code::tool_not_in_allowlist, pointer_to(naming, Target::tool));
}

void judge_listed(Judgement& judgement, const ServerTable& server, const Naming& naming, Target target) {
  const bool prompt = target == Target::prompt;
  const auto& list = prompt ? server.prompts : server.resources;
  const Code code = prompt ? Code::prompt_not_in_allowlist : Code::resource_not_in_allowlist;
  if (!list) {
    if (!server.nameable) judgement.find(code, pointer_to(naming, target));
    return;
  }
  const bool comparable = prompt ? naming.name.size() <= kLongestToolName : comparable_uri(naming.name);
  const auto matches = [&](const std::string& one) { return prompt ? glob(one, naming.name) : uri_glob(one, naming.name); };
  const auto found = comparable ? std::find_if(list->begin(), list->end(), matches) : list->end();
  if (found != list->end()) return judgement.allowed_by(*found);
  judgement.find(code, pointer_to(naming, target));
}

}  // namespace

Rulebook::Rulebook() = default;
Rulebook::~Rulebook() = default;

Decision Rulebook::judge(const Principal& principal, const Naming& naming) const {
  Decision decision;
  decision.mode = mode_;
  decision.checked = 1;
  decision.rulebook = digest_;
  Judgement judgement(decision, tables_->effects);
  const auto server = tables_->servers.find(naming.server);
  if (server == tables_->servers.end()) {
    judgement.find(Code::method_not_allowed, Effect::deny, {});
    return decision;
  }
  judge_method(judgement, server->second, principal, naming);
  switch (const Target target = target_of(naming)) {
    case Target::none:
      break;
    case Target::tool:
      judge_tool(judgement, server->second, naming);
      break;
    case Target::prompt:
    case Target::resource:
      judge_listed(judgement, server->second, naming, target);
      break;
  }
  return decision;
}

bool Rulebook::visible(const Principal& principal, const Naming& naming) const {
  return judge(principal, naming).verdict != Verdict::deny;
}

void Rulebook::settle(Decision& decision, const std::vector<Code>& findings) const {
  Judgement judgement(decision, tables_->effects);
  for (const Code code : findings) judgement.find(code);
}

std::uint8_t Rulebook::kinds(std::string_view server, std::string_view tool) const {
  const auto table = tables_->servers.find(server);
  if (table == tables_->servers.end()) return kMutate;
  const auto& rules = table->second.kinds;
  const auto found = std::find_if(rules.begin(), rules.end(), [tool](const KindRule& one) { return glob(one.pattern, tool); });
  return found == rules.end() ? kMutate : found->kinds;
}

bool Rulebook::names_literally(std::string_view server, std::string_view tool) const {
  const auto table = tables_->servers.find(server);
  if (table == tables_->servers.end()) return false;
  const auto named = table->second.allow.by_tool.find(tool);
  if (named == table->second.allow.by_tool.end()) return false;
  return std::any_of(named->second.begin(), named->second.end(), [&](const Pattern& one) { return one.names(server, tool); });
}

std::string_view Rulebook::version(std::string_view server, std::string_view reported) const {
  const auto table = tables_->servers.find(server);
  return table == tables_->servers.end() || table->second.version.empty() ? reported : std::string_view(table->second.version);
}

}  // namespace durward::policy
