#include "config/check_credentials.hpp"

#include <fmt/format.h>

#include "config/forms.hpp"

namespace durward::config {
namespace {

void check_server(const Server& server, const Settings& settings, Report& report) {
  const Credential& credential = server.credential;
  const std::string key = fmt::format("servers.{}.credential", server.name);
  if (credential.methods() > 1)
    report.error(report.where(key), key + " must hold one of header, client_credentials and token_exchange");
  if (credential.certificate && server.tls.cert.value.empty())
    report.error(report.where(key),
                 key + ": mtls needs a certificate to show: name servers." + server.name + ".tls.cert and .key");
  if (credential.methods() == 0) return;
  if (server.endpoint.scheme == "http" && !is_local(server.endpoint.host))
    report.warning(server.url.where, key + " will cross the network in clear: the server's url is http://");
  if (credential.token_exchange && settings.authn.jwt.empty() && settings.authn.given)
    report.error(report.where(key), key + ".token_exchange needs callers with tokens: `authn` has no jwt");
}

}  // namespace

void check_credentials(const Settings& settings, Report& report) {
  for (const auto& [name, server] : settings.servers) check_server(server, settings, report);
}

}  // namespace durward::config
