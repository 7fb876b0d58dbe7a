#include "config/named_secrets.hpp"

namespace durward::config {

void each_named_secret(Settings& settings, const NamedSecret& visit) {
  visit("ledger.key_ref", settings.ledger.key_ref);
  visit("ledger.keyring", settings.ledger.keyring);
  visit("listen.tls.key", settings.listen.tls.key);
  visit("admin.tls.key", settings.admin.tls.key);
  for (auto& [name, server] : settings.servers) {
    visit("servers." + name + ".tls.key", server.tls.key);
    const std::string at = "servers." + name + ".credential.";
    Credential& credential = server.credential;
    if (credential.header) visit(at + "header.value_ref", credential.header->value_ref);
    if (credential.client_credentials)
      visit(at + "client_credentials.client_secret_ref", credential.client_credentials->client_secret_ref);
    if (credential.token_exchange) visit(at + "token_exchange.client_secret_ref", credential.token_exchange->client_secret_ref);
  }
  for (BrokeredSecret& secret : settings.secrets) visit("secrets." + secret.name + ".ref", secret.ref);
}

}  // namespace durward::config
