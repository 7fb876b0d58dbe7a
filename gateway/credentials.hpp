#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/secret_ref.hpp"
#include "config/settings.hpp"
#include "gateway/token_store.hpp"
#include "policy/outcome.hpp"
#include "policy/principal.hpp"
#include "policy/tool.hpp"

namespace durward::gateway {

/// How the gateway shows itself to one server.
struct ServerCredential {
  std::shared_ptr<const ShownCredential> fixed;  // null: a token, of `tokens`
  config::TokenCredential tokens;
  config::Secret client_secret;
  bool exchanged = false;  // a token for each caller, for whose own it is exchanged
  crypto::Hash source{};   // of all this: what a reload has changed never finds a token fetched before
};

/// A secret that agents may name, loaded and compiled.
struct LoadedSecret {
  std::string name;
  config::Secret value;
  std::shared_ptr<const SecretEcho> echo;
  std::vector<policy::Pattern> tools;
  std::vector<std::vector<std::string>> arguments;  // pointers in steps; "*" is any
  config::SecretUsers users;
  bool serves(const policy::Principal& principal, const policy::ToolRef& tool) const;
};

/// Every secret that the gateway shows to servers. Part of a snapshot; immutable.
class Credentials {
 public:
  /// Null: requests to it carry none.
  const ServerCredential* of(const std::string& server) const;
  /// Null: there is no secret of that name.
  const LoadedSecret* secret(std::string_view name) const;
  bool brokers() const { return !secrets_.empty(); }

 private:
  friend policy::Outcome<std::shared_ptr<const Credentials>, std::string> load_credentials(const config::Settings& settings);
  std::map<std::string, ServerCredential> servers_;
  std::map<std::string, LoadedSecret, std::less<>> secrets_;
};

/// Reads what the settings name. Errors: one sentence with the setting's name and what is wrong; no reference, no value.
policy::Outcome<std::shared_ptr<const Credentials>, std::string> load_credentials(const config::Settings& settings);

/// What became of one reference to a secret.
struct ReferenceState {
  std::string setting;
  std::optional<config::RefFault> fault;  // absent: available
  std::string problem;                    // a sentence without reference and value
};
/// Of all that the settings name, in their order. Reads each and forgets it.
std::vector<ReferenceState> check_references(const config::Settings& settings);

}  // namespace durward::gateway
