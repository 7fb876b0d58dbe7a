#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/authn_settings.hpp"
#include "policy/authn/cause.hpp"
#include "policy/authn/tenants.hpp"
#include "policy/jose/certificate.hpp"
#include "policy/principal.hpp"

struct x509_store_st;

namespace durward::authn {

/// A certificate authority whose certificates name callers. Immutable; shared by threads.
class ClientCa {
 public:
  static constexpr std::size_t kMaxBytes = 1 << 20;
  static constexpr std::size_t kMaxCertificates = 256;

  /// pem: every certificate in it is trusted to issue, those in the middle of a chain too. tenant: the policy's, where nothing
  /// else says whose a certificate is. Errors: one clause without anything of the text.
  static policy::Outcome<ClientCa, std::string> make(const config::MtlsAuthn& settings, std::string_view pem,
                                                     const std::string& tenant);

  /// Whether the certificate (DER) is one of this CA's, for a TLS client, and valid at now (Unix seconds). between: what else
  /// was shown with it, which may lead to the CA and is not trusted by itself. One or a few signature verifications: for once
  /// a connection. Errors: certificate_untrusted.
  Outcome<void> issued(std::string_view der, std::span<const std::string> between, std::int64_t now) const;
  /// Who it names: its SPIFFE ID, else its first DNS name. identity is that of a certificate that `issued` has let pass.
  /// Errors: certificate_unnamed, certificate_nameless, tenant_not_issuers, certificate_untrusted once it has expired.
  Outcome<policy::Principal> principal(const jose::CertificateIdentity& identity, std::int64_t now) const;

 private:
  explicit ClientCa(const config::MtlsAuthn& settings) : settings_(settings), tenants_(settings.tenants) {}
  const std::string* tenant_of(std::string_view subject) const;
  config::MtlsAuthn settings_;
  TenantRule tenants_;
  std::string tenant_;  // the policy's
  std::shared_ptr<x509_store_st> store_;
};

}  // namespace durward::authn
