#include "policy/authn/issuer.hpp"

namespace durward::authn {
namespace {

config::SignatureAlgorithm setting_of(jose::Algorithm algorithm) {
  switch (algorithm) {
    case jose::Algorithm::rs256:
      return config::SignatureAlgorithm::rs256;
    case jose::Algorithm::ps256:
      return config::SignatureAlgorithm::ps256;
    case jose::Algorithm::es256:
      return config::SignatureAlgorithm::es256;
    case jose::Algorithm::es384:
      return config::SignatureAlgorithm::es384;
    case jose::Algorithm::eddsa:
      break;
  }
  return config::SignatureAlgorithm::eddsa;
}

}  // namespace

Outcome<void> Issuer::admit(jose::Algorithm algorithm) const {
  if ((settings_.algorithms & static_cast<std::uint8_t>(setting_of(algorithm))) == 0) return Defect::algorithm_not_allowed;
  return {};
}

Outcome<std::string> Issuer::tenant_of(const jose::Claims& claims) const {
  TRY(std::optional<std::string> tenant, claims.text(settings_.claims.tenant.value));
  if (!tenant) return Defect::tenant_missing;
  if (!tenants_.may_assert(*tenant)) return Defect::tenant_not_issuers;
  return *std::move(tenant);
}

// Without a setting `azp` (OpenID Connect), else `client_id` (RFC 9068); who has neither acts for itself.
Outcome<std::string> Issuer::client_of(const jose::Claims& claims) const {
  const auto& configured = settings_.claims.client_id;
  TRY(std::optional<std::string> client, claims.text(configured ? std::string_view(configured->value) : "azp"));
  if (!client && !configured) {
    TRY(client, claims.text("client_id"));
  }
  return client ? *std::move(client) : std::string();
}

Outcome<policy::Principal> Issuer::principal(const jose::Claims& claims) const {
  const jose::Registered& registered = claims.registered();
  if (auto good = jose::check_issuer(registered, name()); !good) return Cause(good.error());
  const jose::TypeRule rule = settings_.at_jwt ? jose::TypeRule::at_jwt : jose::TypeRule::any;
  if (auto good = jose::check_type(registered, rule); !good) return Cause(good.error());
  if (!registered.expiry) return jose::Fault::expiry_missing;
  if (!settings_.dpop && registered.proof_key) return Defect::dpop_not_taken;
  if (settings_.dpop_required && !registered.proof_key) return Defect::token_not_bound;
  const config::ClaimNames& names = settings_.claims;
  policy::Identity who;
  who.method = policy::AuthnMethod::jwt;
  who.issuer = registered.issuer;
  TRY(std::optional<std::string> subject, claims.text(names.subject.value));
  if (!subject) return Defect::subject_missing;
  who.subject = *std::move(subject);
  TRY(who.tenant, tenant_of(claims));
  TRY(who.client_id, client_of(claims));
  TRY(who.groups, claims.list(names.groups.value));
  TRY(who.roles, claims.list(names.roles.value));
  who.scopes = registered.scopes;
  for (const std::string& name : claims_) {
    TRY(std::vector<std::string> values, claims.list(name));
    who.claims.emplace_back(name, std::move(values));
  }
  if (settings_.email_trusted && claims.is_true("email_verified")) {
    TRY(std::optional<std::string> email, claims.text(names.email.value));
    if (email) who.email = *std::move(email);
  }
  who.expiry = *registered.expiry + settings_.leeway.count();
  return policy::Principal(std::move(who));
}

Outcome<void> Issuer::check_now(const jose::Registered& claims, std::int64_t now) const {
  if (auto good = jose::check_times(claims, now, settings_.leeway.count()); !good) return Cause(good.error());
  return {};
}

}  // namespace durward::authn
