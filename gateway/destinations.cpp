#include "gateway/destinations.hpp"

#include "config/forms.hpp"

namespace durward::gateway {
namespace {

std::string origin(const config::Url& url) { return url.scheme + ' ' + std::to_string(url.port) + ' ' + url.host; }

}  // namespace

Destinations::Destinations(const std::vector<config::Url>& urls) {
  for (const config::Url& url : urls) origins_.insert(origin(url));
}

Destinations destinations_of(const config::Settings& settings) {
  std::vector<config::Url> urls;
  std::string error;
  for (const config::JwtAuthn& jwt : settings.authn.jwt)
    if (auto url = config::parse_url(jwt.jwks.value, error)) urls.push_back(*std::move(url));
  for (const auto& [name, server] : settings.servers)
    if (const config::TokenCredential* tokens = server.credential.tokens()) urls.push_back(tokens->endpoint);
  return Destinations(urls);
}

bool Destinations::holds(const config::Url& url) const { return origins_.contains(origin(url)); }

}  // namespace durward::gateway
