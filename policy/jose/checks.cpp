#include "policy/jose/checks.hpp"

#include <algorithm>

namespace durward::jose {

Outcome<void> check_times(const Registered& claims, std::int64_t now, std::int64_t leeway) {
  leeway = std::clamp(leeway, std::int64_t{0}, kMaxLeeway);
  if (!claims.expiry) return Fault::expiry_missing;
  if (now >= *claims.expiry + leeway) return Fault::expired;
  if (claims.not_before && *claims.not_before > now + leeway) return Fault::not_yet_valid;
  if (claims.issued_at && *claims.issued_at > now + leeway) return Fault::issued_in_future;
  return {};
}

Outcome<void> check_issuer(const Registered& claims, std::string_view expected) {
  if (claims.issuer != expected) return Fault::issuer_wrong;
  return {};
}

Outcome<void> check_audience(const Registered& claims, std::string_view resource) {
  if (claims.audiences.empty()) return Fault::audience_missing;
  const auto found = std::find(claims.audiences.begin(), claims.audiences.end(), resource);
  if (found == claims.audiences.end()) return Fault::audience_wrong;
  return {};
}

Outcome<void> check_type(const Registered& claims, TypeRule rule) {
  if (claims.type == "at+jwt") return {};
  if (rule == TypeRule::at_jwt) return claims.type.empty() ? Fault::type_missing : Fault::type_wrong;
  if (!claims.type.empty() && claims.type != "jwt") return Fault::type_wrong;
  return {};
}

Outcome<void> check_certificate(const Registered& claims, const std::optional<crypto::Hash>& presented) {
  if (!claims.certificate) return {};
  if (!presented) return Fault::certificate_missing;
  if (*presented != *claims.certificate) return Fault::certificate_wrong;
  return {};
}

}  // namespace durward::jose
