#include "policy/authn/client_ca.hpp"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "policy/jose/openssl.hpp"
#include "policy/tool.hpp"

namespace durward::authn {
namespace {

using jose::ErrorMark;
using jose::Owned;

constexpr int kSecurityLevel = 2;  // as TLS has it: RSA of 2,048 bits, SHA-256

using CertificatePtr = Owned<X509, X509_free>;

void free_all(STACK_OF(X509) * all) { sk_X509_pop_free(all, X509_free); }

CertificatePtr from_der(std::string_view der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  return CertificatePtr(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
}

// All or nothing: a bundle of which a part cannot be read is not the one that somebody meant.
policy::Outcome<void, std::string> add_all(std::string_view pem, X509_STORE& store) {
  const Owned<BIO, BIO_free_all> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::size_t count = 0;
  for (;;) {
    const CertificatePtr one(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    if (!one) break;
    if (++count > ClientCa::kMaxCertificates) return std::string("holds more than 256 certificates");
    if (X509_check_ca(one.get()) == 0) return "its certificate number " + std::to_string(count) + " is not a CA's";
    if (X509_STORE_add_cert(&store, one.get()) != 1) return std::string("cannot be used");
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) return std::string("is not whole PEM");
  if (count == 0) return std::string("holds no certificate in PEM");
  return {};
}

}  // namespace

policy::Outcome<ClientCa, std::string> ClientCa::make(const config::MtlsAuthn& settings, std::string_view pem,
                                                      const std::string& tenant) {
  if (pem.size() > kMaxBytes) return std::string("is larger than 1 MiB");
  const ErrorMark mark;
  ClientCa out(settings);
  out.tenant_ = tenant;
  out.store_ = std::shared_ptr<X509_STORE>(X509_STORE_new(), X509_STORE_free);
  if (!out.store_) return std::string("there is no memory for it");
  X509_STORE_set_flags(out.store_.get(), X509_V_FLAG_PARTIAL_CHAIN);
  if (auto added = add_all(pem, *out.store_); !added) return std::move(added).error();
  return out;
}

Outcome<void> ClientCa::issued(std::string_view der, std::span<const std::string> between, std::int64_t now) const {
  const ErrorMark mark;
  if (der.size() > jose::CertificateIdentity::kMaxBytes) return jose::Fault::certificate_too_long;
  const CertificatePtr leaf = from_der(der);
  const Owned<STACK_OF(X509), free_all> chain(sk_X509_new_null());
  for (const std::string& one : between) {
    CertificatePtr above = from_der(one);
    if (above && chain && sk_X509_push(chain.get(), above.get()) > 0) above.release();  // NOLINT(bugprone-unused-return-value)
  }
  const Owned<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new());
  if (!leaf || !context || X509_STORE_CTX_init(context.get(), store_.get(), leaf.get(), chain.get()) != 1)
    return Defect::certificate_untrusted;
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_CLIENT);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, static_cast<time_t>(now));
  X509_VERIFY_PARAM_set_auth_level(parameters, kSecurityLevel);
  if (X509_verify_cert(context.get()) != 1) return Defect::certificate_untrusted;
  return {};
}

const std::string* ClientCa::tenant_of(std::string_view subject) const {
  for (const auto& [pattern, tenant] : settings_.names)
    if (policy::glob(pattern.value, subject)) return &tenant.value;
  if (!settings_.names.empty()) return nullptr;
  return tenants_.only() ? tenants_.only() : &tenant_;
}

Outcome<policy::Principal> ClientCa::principal(const jose::CertificateIdentity& identity, std::int64_t now) const {
  if (now > identity.expiry) return Defect::certificate_untrusted;
  policy::Identity who;
  who.method = policy::AuthnMethod::mtls;
  who.issuer = policy::name(policy::AuthnMethod::mtls);
  if (identity.spiffe) {
    who.subject = *identity.spiffe;
  } else if (!identity.dns.empty()) {
    who.subject = identity.dns.front();
  } else {
    return jose::Fault::certificate_unnamed;
  }
  const std::string* tenant = tenant_of(who.subject);
  if (!tenant) return Defect::certificate_nameless;
  if (!tenants_.may_assert(*tenant)) return Defect::tenant_not_issuers;
  who.tenant = *tenant;
  for (const auto& scope : settings_.scopes) who.scopes.push_back(scope.value);
  who.expiry = identity.expiry + 1;
  return policy::Principal(std::move(who));
}

}  // namespace durward::authn
