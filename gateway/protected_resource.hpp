#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"

/// The gateway as an OAuth 2.1 protected resource: one resource for each server's route, so that a token for one is good for no
/// other (RFC 8707, RFC 9728). Built from listen.public_url, never from Host.
namespace durward::gateway {

/// Where RFC 9728 wants a route's metadata, and that of the only server there is.
inline constexpr std::string_view kMetadataPath = "/.well-known/oauth-protected-resource";

class ProtectedResources {
 public:
  explicit ProtectedResources(const config::Settings& settings);

  /// What `aud` must contain, and what `htu` must be: public_url/mcp/{server}. For any server's name, whether there is one or
  /// not: a stranger learns nothing.
  std::string resource(std::string_view server) const;
  /// The metadata of that route; empty where tokens are of no use (no `jwt`).
  std::string metadata(std::string_view server) const;
  /// The name of the only server; empty if there are several.
  std::string_view only() const { return only_; }

  /// The scopes that a request needs: the server's, and those of the tool, if it names one. None twice.
  std::vector<std::string_view> scopes(const config::Server& server, std::string_view tool) const;

  /// WWW-Authenticate of a 401. presented: a credential was; dpop: as DPoP.
  struct Asked {
    bool presented = false, dpop = false;
  };
  std::string challenge(std::string_view server, const Asked& asked) const;
  /// WWW-Authenticate of a 403: all the scopes that the request needs.
  std::string step_up(std::string_view server, bool dpop, const std::vector<std::string_view>& scopes) const;

 private:
  std::string base_;  // listen.public_url
  std::vector<std::string> issuers_;
  bool dpop_ = false;                                       // some issuer's tokens may be bound to a key
  bool dpop_only_ = false;                                  // every issuer binds its tokens
  std::map<std::string, std::string, std::less<>> scopes_;  // of each server, with spaces
  std::string algorithms_;                                  // of DPoP proofs, with spaces
  std::string only_;
};

}  // namespace durward::gateway
