#include "policy/rulebook.hpp"

#include <algorithm>

#include "policy/entitlements.hpp"
#include "policy/resource.hpp"
#include "policy/rules/rules.hpp"
#include "policy/schema/schema.hpp"
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

/// Whether some pattern of the list that matches names a version without `*`.
bool pinned(const PatternList& list, const Naming& naming, std::string_view version) {
  const auto pins = [&](const Pattern& one) { return one.pins_version() && one.matches(naming.server, naming.name, version); };
  const auto named = list.by_tool.find(naming.name);
  return (named != list.by_tool.end() && std::any_of(named->second.begin(), named->second.end(), pins)) ||
         std::any_of(list.globs.begin(), list.globs.end(), pins);
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
  /// Ids of rules that matched; those that raised a finding are there already.
  void matched(std::vector<std::string> ids) {
    for (std::string& id : ids) {
      if (std::find(decision_.rules.begin(), decision_.rules.end(), id) == decision_.rules.end())
        decision_.rules.push_back(std::move(id));
    }
  }
  void allowed_by(const std::string& pattern) {
    if (!pattern.empty()) decision_.rules.push_back(pattern);
  }

 private:
  Decision& decision_;
  const std::array<Effect, kCodes>& effects_;
};

/// A caller, and what the rulebook has of the server that it asks.
struct Asking {
  const Rulebook::Tables& tables;
  const ServerTable& server;
  const Principal& principal;
  const Naming& naming;
  /// Whether any tool of the server may be named, so far as lists and entitlements tell.
  bool nameable() const {
    const bool entitled =
        tables.tools_pass || tables.entitlements == nullptr || tables.entitlements->any(principal, naming.server);
    return server.nameable && entitled;
  }
};

void judge_method(Judgement& judgement, const Asking& asking) {
  const auto& [tables, server, principal, naming] = asking;
  const auto index = method_index(naming.method);
  // A method that no revision has could mean anything to an upstream: no mode lets it pass.
  if (!index) return judgement.find(Code::method_not_allowed, Effect::deny, "/method");
  const Method& method = kMethods[*index];
  if (method.about == Subject::plumbing) return;
  // The gateway's own list fetches show nobody anything; without them nothing would be known of the server's tools.
  if (method.lists && principal.method() == AuthnMethod::self) return;
  const bool tools = tables.entitlements == nullptr || asking.nameable();
  if (const std::string* pattern = (tools ? server.methods : server.without_tools)[*index])
    return judgement.allowed_by(*pattern);
  judgement.find(Code::method_not_allowed, "/method");
}

/// Whether the tool's version is one that may be called. pins: an entry that allows the tool names a version without `*`.
void judge_version(Judgement& judgement, const Asking& asking, std::string_view version, bool pins) {
  const auto& list = asking.server.versions;
  const bool listed = !list || std::find(list->begin(), list->end(), version) != list->end();
  if (!listed || (asking.tables.deny_unpinned && !pins))
    judgement.find(Code::version_unpinned, pointer_to(asking.naming, Target::tool));
}

void judge_tool(Judgement& judgement, const Asking& asking) {
  const auto& [tables, server, principal, naming] = asking;
  const std::string_view version = server.version.empty() ? naming.version : std::string_view(server.version);
  if (const Pattern* denied = find<&Pattern::may_match>(server.deny, naming, version)) {
    return judgement.find(Code::tool_not_in_allowlist, pointer_to(naming, Target::tool), denied->text());
  }
  const Pattern* allowed = find<&Pattern::matches>(server.allow, naming, version);
  if (allowed != nullptr) judgement.allowed_by(allowed->text());
  Entitlements::Answer entitled;
  if (tables.entitlements) {
    entitled = tables.entitlements->ask(principal, naming.server, naming.name, version);
    if (entitled.allowed != nullptr) judgement.allowed_by(entitled.allowed->text());
  }
  if (allowed == nullptr || (tables.entitlements && entitled.allowed == nullptr)) {
    judgement.find(Code::tool_not_in_allowlist, pointer_to(naming, Target::tool),
                   entitled.denied == nullptr ? std::string() : entitled.denied->text());
  }
  const bool pins = pinned(server.allow, naming, version) || (entitled.allowed != nullptr && entitled.allowed->pins_version());
  judge_version(judgement, asking, version, pins);
}

void judge_listed(Judgement& judgement, const Asking& asking, Target target) {
  const ServerTable& server = asking.server;
  const Naming& naming = asking.naming;
  const bool prompt = target == Target::prompt;
  const auto& list = prompt ? server.prompts : server.resources;
  const Code code = prompt ? Code::prompt_not_in_allowlist : Code::resource_not_in_allowlist;
  if (!list) {
    if (!asking.nameable()) judgement.find(code, pointer_to(naming, target));
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

const permissions::Permissions& Rulebook::permissions() const { return *tables_->permissions; }

Decision Rulebook::judge(const Principal& principal, const Naming& naming) const {
  Decision decision;
  decision.facts.principal = tables_->entitlements != nullptr;
  decision.mode = mode_;
  decision.checked = 1;
  decision.rulebook = digest_;
  Judgement judgement(decision, tables_->effects);
  const auto server = tables_->servers.find(naming.server);
  if (server == tables_->servers.end()) {
    judgement.find(Code::method_not_allowed, Effect::deny, {});
    return decision;
  }
  const Asking asking{*tables_, server->second, principal, naming};
  judge_method(judgement, asking);
  switch (const Target target = target_of(naming)) {
    case Target::none:
      break;
    case Target::tool:
      judge_tool(judgement, asking);
      break;
    case Target::prompt:
    case Target::resource:
      judge_listed(judgement, asking, target);
      break;
  }
  return decision;
}

bool Rulebook::visible(const Principal& principal, const Naming& naming) const {
  return judge(principal, naming).verdict != Verdict::deny;
}

namespace {

// What a call without arguments is judged as.
json::Value nothing() {
  static const auto empty = json::Document::parse("{}");
  return empty->root();
}

/// Check 3. Returns what is wrong, for the model.
std::string check_schema(Judgement& judgement, const Call& call) {
  if (call.schema_broken) judgement.find(Code::policy_error, "/params/name");
  if (call.schema == nullptr) return {};
  const bool absent = !call.arguments || call.arguments.is(json::Kind::null);
  const schema::Result result = call.schema->validate(absent ? nothing() : call.arguments);
  if (result) return {};
  const std::string at = result.failures.empty() ? std::string() : result.failures.front().instance;
  judgement.find(Code::schema_violation, kArguments + at);
  return schema::explain(result);
}

}  // namespace

const rules::Table& Rulebook::rules() const { return *tables_->rules; }
Effect Rulebook::effect(Code code) const { return tables_->effects[static_cast<std::size_t>(code)]; }

std::string Rulebook::check(Decision& decision, const Principal& principal, const ToolRef& tool, std::uint8_t kinds,
                            const Call& call) const {
  Judgement judgement(decision, tables_->effects);
  std::string wrong = check_schema(judgement, call);
  decision.facts.descriptor = call.descriptor;
  if (!tables_->rules->empty()) {
    rules::Verdicts verdicts = tables_->rules->judge({principal, tool, kinds, call.arguments, call.now});
    for (rules::Raised& one : verdicts.findings) {
      const bool observed = mode_ == config::Mode::observe && one.code != Code::policy_error;
      judgement.find(one.code, observed ? Effect::would_deny : one.effect, std::move(one.at), std::move(one.rule));
    }
    judgement.matched(std::move(verdicts.matched));
    decision.failed = std::move(verdicts.failed);
    decision.reason = std::move(verdicts.reason);
    decision.facts.arguments = std::move(verdicts.read);
    decision.facts.principal = decision.facts.principal || tables_->rules->asks_principal();
    if (verdicts.timed) decision.facts.time = call.now;
  }
  for (const permissions::Raised& one : tables_->permissions->check(tool.server, principal, kinds, call.arguments)) {
    const Effect own = one.code == Code::consent_required ? Effect::escalate : Effect::deny;
    judgement.find(one.code, mode_ == config::Mode::observe ? Effect::would_deny : own, kArguments + one.at);
  }
  decision.facts.principal = decision.facts.principal || tables_->permissions->asks_principal(tool.server);
  if (tables_->max_payload_kb) {
    decision.facts.argument_bytes = call.arguments.raw().size();
    if ((call.arguments.raw().size() + 1023) / 1024 > *tables_->max_payload_kb)
      judgement.find(Code::payload_too_large, kArguments);
  }
  return wrong;
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
