#include "gateway/authn_methods.hpp"

#include <algorithm>

#include "audit/key_files.hpp"
#include "config/load.hpp"
#include "config/secret_ref.hpp"

namespace durward::gateway {

using policy::Outcome;

namespace {

using Text = Outcome<std::string, audit::Text>;  // the error is a sentence

/// A file that says who may call, though it is no secret: nobody else may write it.
Text read_trusted(const std::string& path, std::size_t most) {
  if (auto problem = config::check_ownership(path)) return audit::Text{path + ": " + problem->message};
  auto text = audit::read_text_file(path, most);
  if (!text) return audit::Text{std::move(text).error()};
  return std::move(text->value);
}

Text read_api_keys(const std::string& path) {
  const config::SecretRead read = config::read_secret_file(path, authn::kApiKeyFileBytes);
  if (!read.secret) return audit::Text{path + ": " + read.problem};
  return std::string(read.secret->reveal());
}

std::string about(const std::string& path, std::string_view problem) { return path + ": " + std::string(problem); }

Outcome<AuthnMethods::JwtIssuer, std::string> load_issuer(const config::JwtAuthn& settings,
                                                          const std::vector<std::string>& claims, KeySources& sources) {
  constexpr std::string_view kFile = "file://";
  AuthnMethods::JwtIssuer out{authn::Issuer(settings, claims), sources.of(settings)};
  if (!settings.jwks.value.starts_with(kFile)) return out;
  const std::string path = settings.jwks.value.substr(kFile.size());
  auto text = read_trusted(path, jose::KeySet::kMaxBytes);
  if (!text) return text.error().value;
  const auto now = std::chrono::steady_clock::now();
  if (auto put = out.keys->put(*text, now); !put) return about(path, "is no key set: " + std::string(jose::name(put.error())));
  if (!out.keys->figures(now).usable) return about(path, "holds no key that can be used");
  return out;
}

Outcome<authn::ApiKeys, std::string> load_api_keys(const config::ApiKeyAuthn& settings, const std::string& tenant,
                                                   const std::vector<authn::HashKey>& hash_keys) {
  const std::string& path = settings.file.value;
  auto text = read_api_keys(path);
  if (!text) return text.error().value;
  auto file = authn::ApiKeyFile::parse(*text);
  if (!file) return about(path, file.error());
  auto keys = authn::ApiKeys::make(*file, hash_keys, settings.tenants, tenant);
  if (!keys) return about(path, keys.error());
  return keys;
}

Outcome<authn::ClientCa, std::string> load_client_ca(const config::MtlsAuthn& settings, const std::string& tenant) {
  const std::string& path = settings.client_ca.value;
  auto text = read_trusted(path, authn::ClientCa::kMaxBytes);
  if (!text) return text.error().value;
  auto ca = authn::ClientCa::make(settings, *text, tenant);
  if (!ca) return about(path, ca.error());
  return ca;
}

}  // namespace

std::vector<authn::HashKey> hash_keys(const audit::Keyring& keyring) {
  std::vector<authn::HashKey> out;
  for (const audit::KeyringEntry& entry : keyring.apikey) out.push_back({entry.id, entry.key});
  return out;
}

const AuthnMethods::JwtIssuer* AuthnMethods::issuer(std::string_view name) const {
  const auto found =
      std::find_if(issuers.begin(), issuers.end(), [name](const JwtIssuer& one) { return one.issuer.name() == name; });
  return found == issuers.end() ? nullptr : &*found;
}

authn::Outcome<policy::Principal> AuthnMethods::api_key(std::string_view presented, std::int64_t now) const {
  authn::Cause cause = authn::Defect::method_not_configured;
  for (const authn::ApiKeys& file : api_keys) {
    auto who = file.check(presented, now);
    if (who) return who;
    // Of several files the one that knows the id says what is wrong.
    if (&file == &api_keys.front() || who.error() != authn::Cause(authn::Defect::api_key_unknown)) cause = who.error();
  }
  return cause;
}

bool AuthnMethods::holds(const policy::Principal& principal, std::int64_t now) const {
  if (principal.expiry() && now >= *principal.expiry()) return false;
  switch (principal.method()) {
    case policy::AuthnMethod::anonymous:
      return anonymous;
    case policy::AuthnMethod::jwt:
      return issuer(principal.issuer()) != nullptr;
    case policy::AuthnMethod::api_key:
      return std::any_of(api_keys.begin(), api_keys.end(),
                         [&](const authn::ApiKeys& file) { return file.holds(principal, now); });
    case policy::AuthnMethod::mtls:
      return !client_cas.empty();
    case policy::AuthnMethod::self:
      break;
  }
  return true;
}

Outcome<std::shared_ptr<const AuthnMethods>, std::string> load_authn(const config::Authn& settings, const Asked& asked,
                                                                     const std::vector<authn::HashKey>& hash_keys,
                                                                     KeySources& sources) {
  auto out = std::make_shared<AuthnMethods>();
  out->anonymous = settings.anonymous;
  for (const config::JwtAuthn& jwt : settings.jwt) {
    TRY(AuthnMethods::JwtIssuer one, load_issuer(jwt, asked.claims, sources));
    out->issuers.push_back(std::move(one));
  }
  for (const config::ApiKeyAuthn& keys : settings.api_key) {
    TRY(authn::ApiKeys one, load_api_keys(keys, asked.tenant, hash_keys));
    out->api_keys.push_back(std::move(one));
  }
  for (const config::MtlsAuthn& mtls : settings.mtls) {
    TRY(authn::ClientCa one, load_client_ca(mtls, asked.tenant));
    out->client_cas.push_back(std::move(one));
  }
  return std::shared_ptr<const AuthnMethods>(std::move(out));
}

}  // namespace durward::gateway
