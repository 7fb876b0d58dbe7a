#include "gateway/credentials.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>

#include "config/named_secrets.hpp"
#include "config/secret_ref.hpp"

namespace durward::gateway {

using policy::Outcome;

namespace {

constexpr std::size_t kLongestSecret = 16 << 10;

using Loaded = Outcome<config::Secret, std::string>;

Loaded load(const std::string& setting, const std::string& reference) {
  config::SecretRead read = config::read_secret_text(reference, kLongestSecret);
  if (!read.secret) return setting + ": " + read.problem;
  if (read.secret->reveal().size() < SecretEcho::kLeast)
    return fmt::format("{}: the secret has fewer than {} bytes, and could not be found again in what a server answers", setting,
                       SecretEcho::kLeast);
  return *std::move(read.secret);
}

// What stands in a header.
Loaded load_line(const std::string& setting, const std::string& reference) {
  TRY(config::Secret secret, load(setting, reference));
  const std::string_view text = secret.reveal();
  if (std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; })) return secret;
  return setting + ": the secret holds what a header cannot carry: only visible ASCII and spaces";
}

crypto::Hash source_of(const config::TokenCredential& tokens, bool exchanged, const config::Secret& secret) {
  std::string all = exchanged ? "exchange" : "own";
  const auto put = [&all](std::string_view text) { all.append(std::to_string(text.size())).append(":").append(text); };
  put(tokens.token_url.value);
  put(tokens.client_id.value);
  put(tokens.audience ? tokens.audience->value : "");
  put(tokens.resource ? tokens.resource->value : "");
  put(tokens.client_auth == config::ClientAuth::post ? "post" : "basic");
  for (const auto& scope : tokens.scopes) put(scope.value);
  put(crypto::view(crypto::sha256(secret.reveal())));
  return crypto::sha256(all);
}

Outcome<ServerCredential, std::string> load_server(const config::Server& server) {
  const config::Credential& credential = server.credential;
  const std::string key = "servers." + server.name + ".credential.";
  ServerCredential out;
  if (credential.header) {
    const config::HeaderCredential& header = *credential.header;
    TRY(const config::Secret secret, load_line(key + "header.value_ref", header.value_ref.value));
    out.fixed = std::make_shared<const ShownCredential>(header.name.value, header.prefix.value, secret.reveal());
    return out;
  }
  out.exchanged = credential.token_exchange.has_value();
  out.tokens = *credential.tokens();
  const std::string name = out.exchanged ? "token_exchange" : "client_credentials";
  TRY(out.client_secret, load(key + name + ".client_secret_ref", out.tokens.client_secret_ref.value));
  out.source = source_of(out.tokens, out.exchanged, out.client_secret);
  return out;
}

std::string unescaped(std::string_view step) {
  std::string out;
  for (std::size_t i = 0; i < step.size(); ++i) {
    if (step[i] == '~' && i + 1 < step.size()) {
      out += step[++i] == '1' ? '/' : '~';
    } else {
      out += step[i];
    }
  }
  return out;
}

std::vector<std::string> steps_of(std::string_view pointer) {
  std::vector<std::string> out;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t slash = std::min(pointer.find('/'), pointer.size());
    out.push_back(unescaped(pointer.substr(0, slash)));
    pointer.remove_prefix(slash);
  }
  return out;
}

Outcome<LoadedSecret, std::string> load_secret(const config::BrokeredSecret& settings) {
  const std::string key = "secrets." + settings.name;
  LoadedSecret out;
  out.name = settings.name;
  TRY(out.value, load(key + ".ref", settings.ref.value));
  out.echo = std::make_shared<const SecretEcho>(out.value.reveal());
  for (const auto& tool : settings.tools) {
    auto pattern = policy::Pattern::parse(tool.value);
    if (!pattern) return key + ".tools: " + pattern.error();
    out.tools.push_back(*std::move(pattern));
  }
  for (const auto& pointer : settings.arguments) out.arguments.push_back(steps_of(pointer.value));
  out.users = settings.users;
  return out;
}

bool holds(const std::vector<config::Located<std::string>>& list, const std::string& one) {
  return list.empty() || std::any_of(list.begin(), list.end(), [&](const auto& entry) { return entry.value == one; });
}

bool holds_any(const std::vector<config::Located<std::string>>& list, const std::vector<std::string>& some) {
  return list.empty() || std::any_of(some.begin(), some.end(), [&](const std::string& one) { return holds(list, one); });
}

}  // namespace

bool LoadedSecret::serves(const policy::Principal& principal, const policy::ToolRef& tool) const {
  return std::any_of(tools.begin(), tools.end(), [&](const policy::Pattern& one) { return one.matches(tool); }) &&
         holds(users.tenants, principal.tenant()) && holds(users.subjects, principal.subject()) &&
         holds(users.clients, principal.client_id()) && holds_any(users.groups, principal.groups()) &&
         holds_any(users.roles, principal.roles());
}

const ServerCredential* Credentials::of(const std::string& server) const {
  if (servers_.empty()) return nullptr;
  const auto found = servers_.find(server);
  return found == servers_.end() ? nullptr : &found->second;
}

const LoadedSecret* Credentials::secret(std::string_view name) const {
  const auto found = secrets_.find(name);
  return found == secrets_.end() ? nullptr : &found->second;
}

Outcome<std::shared_ptr<const Credentials>, std::string> load_credentials(const config::Settings& settings) {
  auto out = std::make_shared<Credentials>();
  for (const auto& [name, server] : settings.servers) {
    if (server.credential.methods() == 0) continue;
    TRY(ServerCredential one, load_server(server));
    out->servers_.emplace(name, std::move(one));
  }
  for (const config::BrokeredSecret& secret : settings.secrets) {
    TRY(LoadedSecret one, load_secret(secret));
    out->secrets_.emplace(secret.name, std::move(one));
  }
  return std::shared_ptr<const Credentials>(std::move(out));
}

std::vector<ReferenceState> check_references(const config::Settings& settings) {
  std::vector<ReferenceState> out;
  config::Settings copy = settings;
  config::each_named_secret(copy, [&out](const std::string& setting, config::Located<std::string>& ref) {
    if (ref.value.empty()) return;
    config::SecretRead read = config::read_secret_ref(ref.value);
    ReferenceState& state = out.emplace_back();
    state.setting = setting;
    if (read.secret) return;
    state.fault = read.fault;
    state.problem = std::move(read.problem);
  });
  return out;
}

}  // namespace durward::gateway
