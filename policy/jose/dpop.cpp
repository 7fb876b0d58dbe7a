#include "policy/jose/dpop.hpp"

#include "policy/jose/jws.hpp"
#include "policy/jose/text.hpp"
#include "policy/jose/uri.hpp"

namespace durward::jose {
namespace {

constexpr std::size_t kMaxId = 256;

bool same_uri(json::Value claimed, std::string_view expected) {
  const auto text = clean_text(claimed);
  const auto normal = text ? normal_uri(*text) : std::nullopt;
  return normal && normal == normal_uri(expected);
}

Outcome<Proof> check_claims(json::Value claims, const Proven& request) {
  if (!claims.find("htm").equals(request.method)) return Fault::proof_method;
  if (!same_uri(claims.find("htu"), request.uri)) return Fault::proof_uri;
  const auto issued_at = date(claims.find("iat"), Round::down);
  if (!issued_at) return Fault::proof_time;
  if (*issued_at > request.now + kProofWindow) return Fault::proof_early;
  if (*issued_at < request.now - kProofWindow) return Fault::proof_expired;
  const auto of_token = hash_text(claims.find("ath"));
  if (!of_token || *of_token != crypto::sha256(request.access_token)) return Fault::proof_token;
  auto id = clean_text(claims.find("jti"), kMaxId);
  if (!id) return Fault::proof_id;
  return Proof{*std::move(id), *issued_at, request.key};
}

}  // namespace

std::string Proof::replay_key() const { return std::string(crypto::view(key)).append(id); }

Outcome<Proof> check_proof(std::string_view compact, const Proven& request) {
  TRY(const Jws jws, Jws::parse(compact, Jws::Embedded::required));
  if (jws.type != "dpop+jwt") return Fault::proof_type;
  if (jws.key->algorithm() != jws.algorithm) return Fault::key_algorithm;
  if (jws.key->thumbprint() != request.key) return Fault::proof_key_wrong;
  TRY(const json::Document claims, claims_object(jws.payload));
  TRY(Proof proof, check_claims(claims.root(), request));
  if (auto good = jws.key->check(jws.input, jws.signature); !good) return good.error();
  return proof;
}

}  // namespace durward::jose
