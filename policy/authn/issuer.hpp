#pragma once
#include <string>
#include <utility>
#include <vector>

#include "config/authn_settings.hpp"
#include "policy/authn/cause.hpp"
#include "policy/authn/tenants.hpp"
#include "policy/jose/checks.hpp"
#include "policy/jose/token.hpp"
#include "policy/principal.hpp"

namespace durward::authn {

/// An issuer of access tokens: what of its tokens is believed. Immutable.
class Issuer {
 public:
  /// claims: names of those that rules ask for, besides the ones that every principal has.
  explicit Issuer(const config::JwtAuthn& settings, std::vector<std::string> claims = {})
      : settings_(settings), tenants_(settings.tenants), claims_(std::move(claims)) {}

  const std::string& name() const { return settings_.issuer.value; }
  bool dpop_required() const { return settings_.dpop_required; }

  /// Before any signature is verified: an algorithm of this issuer. Errors: algorithm_not_allowed.
  Outcome<void> admit(jose::Algorithm algorithm) const;
  /// Who a token of this issuer is about. Claims are those of a token that one of its keys has signed (jose::verify). Errors:
  /// issuer_wrong, type_missing, type_wrong, subject_missing, tenant_missing, tenant_not_issuers, claim_malformed,
  /// expiry_missing, token_not_bound.
  Outcome<policy::Principal> principal(const jose::Claims& claims) const;
  /// On every request. now in Unix seconds. Errors: those of jose::check_times.
  Outcome<void> check_now(const jose::Registered& claims, std::int64_t now) const;

 private:
  Outcome<std::string> tenant_of(const jose::Claims& claims) const;
  Outcome<std::string> client_of(const jose::Claims& claims) const;
  const config::JwtAuthn settings_;
  const TenantRule tenants_;
  const std::vector<std::string> claims_;
};

}  // namespace durward::authn
