#pragma once
#include <string>

namespace durward::config {
struct PolicySettings;
}

namespace durward::policy {

/// A verified caller. Only the functions below make one, so code that holds a Principal holds a checked credential.
class Principal {
 public:
  const std::string& tenant() const { return tenant_; }
  const std::string& issuer() const { return issuer_; }
  const std::string& subject() const { return subject_; }
  const std::string& client_id() const { return client_id_; }
  const std::string& method() const { return method_; }  // how it was verified: "anonymous", "self"

 private:
  Principal() = default;
  friend Principal anonymous(const std::string& tenant);
  friend Principal self();
  std::string tenant_, issuer_, subject_, client_id_, method_;
};

/// The caller of a loopback listener with `authn: anonymous`. tenant is the policy's.
Principal anonymous(const std::string& tenant);
/// The gateway itself, for its own list fetches: subject `durward:self`.
Principal self();

}  // namespace durward::policy
