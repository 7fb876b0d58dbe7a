#include "gateway/authenticator.hpp"

#include <algorithm>

#include "policy/jose/dpop.hpp"

namespace durward::gateway {

using authn::Cause;
using authn::Defect;
using policy::AuthnMethod;
using policy::Principal;

ClientCertificate::ClientCertificate(std::string_view bytes, std::vector<std::string> above)
    : der(bytes), between(std::move(above)), thumbprint(crypto::sha256(bytes)) {}

const Principal& Authenticator::anonymous(const std::string& tenant) {
  if (!anonymous_ || anonymous_->tenant() != tenant) anonymous_ = policy::anonymous(tenant);
  return *anonymous_;
}

Authenticator::Verdict Authenticator::check(const std::shared_ptr<const AuthnMethods>& methods, const Limits& limits,
                                            const Asking& asking, const Instant& now, bool waited) {
  if (methods != methods_) tokens_.clear();
  methods_ = methods;
  tokens_.limit(limits.tokens);
  Unproven out;
  const bool certificate = asking.certificate && !methods->client_cas.empty();
  const bool in_query = authn::has_token_in_query(asking.head.target);
  const bool header = asking.head.count("authorization") > 0;
  out.presented = header || in_query || certificate;
  if (!out.presented) return out;
  const quotas::Charge charge{asking.address, quotas::Limit::per_minute(limits.failures_per_minute)};
  const std::int64_t now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now.steady.time_since_epoch()).count();
  out.cause = Defect::credential_unread;
  if (!failures_.ask(charge, now_ns).passes) return out;
  Found found = in_query ? Found(Cause(Defect::credential_in_query)) : credential(asking, now, waited, out);
  if (auto* who = std::get_if<Principal>(&found)) return std::move(*who);
  if (auto* wait = std::get_if<Wait>(&found)) return std::move(*wait);
  out.cause = std::get<Cause>(found);
  if (out.cause == Cause(Defect::keys_unavailable)) {
    out.reason = policy::Reason::keys_unavailable;  // no fault of the caller's
  } else {
    failures_.take(charge, now_ns);
  }
  return out;
}

// The form of the credential picks the method.
Authenticator::Found Authenticator::credential(const Asking& asking, const Instant& now, bool waited, Unproven& out) {
  if (asking.certificate && !methods_->client_cas.empty()) {
    out.tried = AuthnMethod::mtls;
    auto named = judge(*asking.certificate, now);
    if (!named) return named.error();
    // Beside another credential it names nobody, but it must hold.
    if (asking.head.count("authorization") == 0) return *std::move(named);
    out.tried.reset();
  }
  const auto read = authn::read_authorization(asking.head.find("authorization"));
  if (!read) return read.error();
  out.dpop = read->scheme == authn::Scheme::dpop;
  if (authn::is_api_key(read->token)) {
    out.tried = AuthnMethod::api_key;
    if (out.dpop) return Cause(Defect::token_not_bound);
    auto who = methods_->api_key(read->token, now.unix_s);
    if (!who) return who.error();
    return *std::move(who);
  }
  out.tried = AuthnMethod::jwt;
  if (methods_->issuers.empty()) return Cause(Defect::method_not_configured);
  auto found = token(read->token, now, waited);
  if (const auto* wait = std::get_if<Wait>(&found)) return *wait;
  if (const auto* cause = std::get_if<Cause>(&found)) return *cause;
  const TokenCache::Verified& verified = *std::get<const TokenCache::Verified*>(found);
  if (auto good = check_request(verified, asking, *read, now); !good) return good.error();
  return verified.principal;
}

std::variant<const TokenCache::Verified*, Cause, Authenticator::Wait> Authenticator::token(std::string_view compact,
                                                                                           const Instant& now, bool waited) {
  const crypto::Hash hash = crypto::sha256(compact);
  if (const auto* known = tokens_.find(hash, now.steady)) {
    if (known->generation == methods_->issuers[known->issuer].keys->generation()) return known;
    tokens_.drop(hash);
  }
  auto read = jose::read(compact);
  if (!read) return Cause(read.error());
  const AuthnMethods::JwtIssuer* const from = methods_->issuer(read->claimed_issuer());
  if (!from) return Cause(Defect::issuer_unknown);
  if (auto admitted = from->issuer.admit(read->algorithm()); !admitted) return admitted.error();
  const std::uint64_t generation = from->keys->generation();  // before the set: an older number only verifies once more
  const std::shared_ptr<const jose::KeySet> keys = from->keys->keys(now.steady);
  if (!keys && !waited) return Wait{from->keys, KeySource::Why::nothing};
  if (!keys) return Cause(Defect::keys_unavailable);
  const auto key = keys->find(*read);
  if (!key && key.error() == jose::Fault::key_unknown && !waited) return Wait{from->keys, KeySource::Why::unknown_key};
  if (!key) return Cause(key.error());
  const auto claims = jose::verify(*std::move(read), **key);
  if (!claims) return Cause(claims.error());
  auto who = from->issuer.principal(*claims);
  if (!who) return who.error();
  const std::chrono::seconds lives(*who->expiry() - now.unix_s);
  const auto issuer = static_cast<std::size_t>(from - methods_->issuers.data());
  return tokens_.put(hash, {issuer, generation, *std::move(who), claims->registered()}, lives, now.steady);
}

// What may be another thing in each request, whether the token was remembered or not.
authn::Outcome<void> Authenticator::check_request(const TokenCache::Verified& verified, const Asking& asking,
                                                  const authn::Authorization& authorization, const Instant& now) {
  const jose::Registered& claims = verified.claims;
  if (auto good = methods_->issuers[verified.issuer].issuer.check_now(claims, now.unix_s); !good) return good;
  if (auto good = jose::check_audience(claims, asking.resource); !good) return good.error();
  std::optional<crypto::Hash> presented;
  if (asking.certificate) presented = asking.certificate->thumbprint;
  if (auto good = jose::check_certificate(claims, presented); !good) return good.error();
  const bool dpop = authorization.scheme == authn::Scheme::dpop;
  if (dpop != claims.proof_key.has_value()) return dpop ? Defect::token_not_bound : Defect::scheme_not_dpop;
  if (dpop) return check_proof(*claims.proof_key, asking, authorization.token, now);
  return {};
}

// The replay last: what is remembered is a proof that would have been good.
authn::Outcome<void> Authenticator::check_proof(const crypto::Hash& key, const Asking& asking, std::string_view token,
                                                const Instant& now) {
  const std::size_t count = asking.head.count("dpop");
  if (count == 0) return jose::Fault::proof_missing;
  if (count > 1) return Defect::proof_repeated;
  const jose::Proven request{asking.head.method, asking.resource, token, key, now.unix_s};
  const auto proof = jose::check_proof(asking.head.find("dpop"), request);
  if (!proof) return proof.error();
  switch (proofs_.insert(proof->replay_key(), proof->until(), now.unix_s)) {
    case quotas::ReplayCache::Answer::fresh:
      return {};
    case quotas::ReplayCache::Answer::replay:
      return jose::Fault::proof_replayed;
    case quotas::ReplayCache::Answer::full:
    case quotas::ReplayCache::Answer::late:
      break;
  }
  return jose::Fault::proof_not_kept;
}

namespace {

authn::Outcome<Principal> principal_of(const AuthnMethods& methods, const ClientCertificate& certificate, std::int64_t now) {
  const auto identity = jose::CertificateIdentity::parse(certificate.der);
  if (!identity) return identity.error();
  for (const authn::ClientCa& ca : methods.client_cas)
    if (ca.issued(certificate.der, certificate.between, now)) return ca.principal(*identity, now);
  return Defect::certificate_untrusted;
}

}  // namespace

authn::Outcome<Principal> Authenticator::judge(ClientCertificate& certificate, const Instant& now) const {
  if (certificate.judged_by != methods_) {
    certificate.judged = principal_of(*methods_, certificate, now.unix_s);
    certificate.judged_by = methods_;
  }
  const authn::Outcome<Principal>& judged = *certificate.judged;
  if (judged && now.unix_s >= judged->expiry().value_or(0)) return Defect::certificate_untrusted;  // since it was looked at
  return judged;
}

}  // namespace durward::gateway
