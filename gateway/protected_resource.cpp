#include "gateway/protected_resource.hpp"

#include <algorithm>

#include "policy/jose/key.hpp"
#include "policy/json.hpp"
#include "policy/tool.hpp"

namespace durward::gateway {

namespace {

using jose::Algorithm;
constexpr Algorithm kProofs[] = {Algorithm::es256, Algorithm::eddsa, Algorithm::es384, Algorithm::ps256, Algorithm::rs256};

std::string joined(const auto& words) {
  std::string out;
  for (const auto& word : words) out.append(out.empty() ? "" : " ").append(word);
  return out;
}

std::string list(const auto& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ",") + json::quote(word);
  return "[" + out + "]";
}

// A parameter of a challenge. What stands in it is configured: a scope, a URL, a server's name; none has a quote or a
// backslash.
void parameter(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (out.back() != ' ') out += ", ";
  out.append(name).append("=\"").append(value).append("\"");
}

}  // namespace

ProtectedResources::ProtectedResources(const config::Settings& settings) : base_(settings.listen.public_url.value) {
  for (const config::JwtAuthn& jwt : settings.authn.jwt) issuers_.push_back(jwt.issuer.value);
  dpop_ =
      std::any_of(settings.authn.jwt.begin(), settings.authn.jwt.end(), [](const config::JwtAuthn& jwt) { return jwt.dpop; });
  dpop_only_ = !issuers_.empty() && std::all_of(settings.authn.jwt.begin(), settings.authn.jwt.end(),
                                                [](const config::JwtAuthn& jwt) { return jwt.dpop_required; });
  for (const auto& [name, server] : settings.servers) scopes_.emplace(name, joined(scopes(server, {})));
  if (settings.servers.size() == 1) only_ = settings.servers.begin()->first;
  std::vector<std::string_view> names;
  for (const Algorithm one : kProofs) names.push_back(jose::name(one));
  algorithms_ = joined(names);
}

std::string ProtectedResources::resource(std::string_view server) const { return base_ + "/mcp/" + std::string(server); }

std::string ProtectedResources::metadata(std::string_view server) const {
  if (issuers_.empty()) return {};
  std::string out = "{\"resource\":" + json::quote(resource(server)) + ",\"authorization_servers\":" + list(issuers_);
  const auto scopes = scopes_.find(server);
  if (scopes != scopes_.end() && !scopes->second.empty()) {
    std::vector<std::string> words;
    for (std::string_view rest = scopes->second; !rest.empty();) {
      const std::size_t space = std::min(rest.find(' '), rest.size());
      words.emplace_back(rest.substr(0, space));
      rest.remove_prefix(std::min(space + 1, rest.size()));
    }
    out += ",\"scopes_supported\":" + list(words);
  }
  out += R"(,"bearer_methods_supported":["header"])";
  std::vector<std::string_view> names;
  for (const Algorithm one : kProofs) names.push_back(jose::name(one));
  if (dpop_) out += ",\"dpop_signing_alg_values_supported\":" + list(names);
  if (dpop_only_) out += R"(,"dpop_bound_access_tokens_required":true)";
  return out + "}";
}

std::vector<std::string_view> ProtectedResources::scopes(const config::Server& server, std::string_view tool) const {
  std::vector<std::string_view> out;
  const auto add = [&out](const std::vector<config::Located<std::string>>& more) {
    for (const auto& scope : more)
      if (std::find(out.begin(), out.end(), scope.value) == out.end()) out.push_back(scope.value);
  };
  add(server.scopes);
  const bool plain =
      std::all_of(server.tools.begin(), server.tools.end(), [](const auto& each) { return each.scopes.empty(); });
  if (tool.empty() || plain) return out;
  const auto found = std::find_if(server.tools.begin(), server.tools.end(),
                                  [tool](const config::ToolSetting& each) { return policy::glob(each.pattern.value, tool); });
  if (found != server.tools.end()) add(found->scopes);
  return out;
}

std::string ProtectedResources::challenge(std::string_view server, const Asked& asked) const {
  const bool dpop = dpop_ && (asked.dpop || dpop_only_);
  std::string out = dpop ? "DPoP " : "Bearer ";
  if (asked.presented) parameter(out, "error", "invalid_token");
  if (issuers_.empty()) {
    parameter(out, "realm", "durward");
    return out;
  }
  parameter(out, "resource_metadata", base_ + std::string(kMetadataPath) + "/mcp/" + std::string(server));
  const auto scopes = scopes_.find(server);
  if (scopes != scopes_.end()) parameter(out, "scope", scopes->second);
  if (dpop) parameter(out, "algs", algorithms_);
  return out;
}

std::string ProtectedResources::step_up(std::string_view server, bool dpop, const std::vector<std::string_view>& scopes) const {
  std::string out = dpop ? "DPoP " : "Bearer ";
  parameter(out, "error", "insufficient_scope");
  parameter(out, "scope", joined(scopes));
  if (!issuers_.empty())
    parameter(out, "resource_metadata", base_ + std::string(kMetadataPath) + "/mcp/" + std::string(server));
  parameter(out, "error_description", "The request needs all of these scopes");
  return out;
}

}  // namespace durward::gateway
