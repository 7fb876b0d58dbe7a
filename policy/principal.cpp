#include "policy/principal.hpp"

#include "policy/canonical.hpp"

namespace durward::policy {

namespace {

std::string key_of(const Identity& identity) {
  std::string out = "[";
  for (const std::string* part : {&identity.tenant, &identity.issuer, &identity.subject, &identity.client_id}) {
    if (out.size() > 1) out += ',';
    json::append_string(out, *part);
  }
  out += ']';
  return out;
}

}  // namespace

std::string_view name(AuthnMethod method) noexcept {
  switch (method) {
    case AuthnMethod::anonymous:
      return "anonymous";
    case AuthnMethod::self:
      return "self";
    case AuthnMethod::jwt:
      return "jwt";
    case AuthnMethod::api_key:
      return "api_key";
    case AuthnMethod::mtls:
      break;
  }
  return "mtls";
}

Principal::Principal(Identity identity) {
  std::string key = key_of(identity);
  const crypto::Hash hash = crypto::sha256(key);
  data_ = std::make_shared<const Data>(Data{std::move(identity), std::move(key), hash});
}

const std::vector<std::string>& Principal::claim(std::string_view name) const {
  static const std::vector<std::string> none;
  for (const auto& [claim, values] : data_->identity.claims) {
    if (claim == name) return values;
  }
  return none;
}

Principal anonymous(const std::string& tenant) {
  Identity identity;
  identity.tenant = tenant;
  identity.subject = "anonymous";
  return Principal(std::move(identity));
}

Principal self() {
  Identity identity;
  identity.subject = "durward:self";
  identity.method = AuthnMethod::self;
  return Principal(std::move(identity));
}

}  // namespace durward::policy
