#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/diagnostic.hpp"
#include "config/url.hpp"

/// Who the gateway is to a server: `servers.<name>.credential` and `secrets` of durward.yaml, as plain data. What they do is
/// with `gateway/credentials` and `gateway/broker`.
namespace durward::config {

/// A header with the same value in every request.
struct HeaderCredential {
  Located<std::string> name{"authorization", {}};
  Located<std::string> prefix{"", {}};  // such as "Bearer": a space follows
  Located<std::string> value_ref;       // the secret
};

enum class ClientAuth : std::uint8_t { basic, post };  // RFC 6749 section 2.3.1: as Basic credentials, or in the form

/// Bearer tokens from a token endpoint.
struct TokenCredential {
  Located<std::string> token_url;
  Url endpoint;  // token_url, taken apart
  Located<std::string> client_id;
  Located<std::string> client_secret_ref;
  ClientAuth client_auth = ClientAuth::basic;
  std::vector<Located<std::string>> scopes;
  std::optional<Located<std::string>> audience;
  std::optional<Located<std::string>> resource;  // RFC 8707
};

/// At most one is there; none: requests go without.
struct Credential {
  bool certificate = false;  // written: the certificate of `tls` is all that the server is shown
  std::optional<HeaderCredential> header;
  std::optional<TokenCredential> client_credentials;  // RFC 6749 section 4.4: the gateway's own token
  std::optional<TokenCredential> token_exchange;      // RFC 8693: one for each caller, in exchange for the caller's
  std::size_t methods() const {
    return std::size_t{header.has_value()} + client_credentials.has_value() + token_exchange.has_value();
  }
  const TokenCredential* tokens() const {
    if (client_credentials) return &*client_credentials;
    return token_exchange ? &*token_exchange : nullptr;
  }
};

/// Who may have a secret put into a call: each list that is there must hold the caller's own.
struct SecretUsers {
  std::vector<Located<std::string>> tenants, subjects, clients, groups, roles;
};

/// A secret that agents name as secret://NAME and never see.
struct BrokeredSecret {
  std::string name;  // [a-z0-9][a-z0-9_-]{0,62}
  Position where;
  Located<std::string> ref;
  std::vector<Located<std::string>> tools;      // mcp://server/tool patterns
  std::vector<Located<std::string>> arguments;  // JSON Pointers into the arguments; a step `*` is any element or member
  SecretUsers users;
};

}  // namespace durward::config
