#include "gateway/principal_key.hpp"

#include "policy/canonical.hpp"

namespace durward::gateway {

std::string principal_key(const policy::Principal& principal) {
  std::string out = "[";
  for (const std::string* part : {&principal.tenant(), &principal.issuer(), &principal.subject(), &principal.client_id()}) {
    if (out.size() > 1) out += ',';
    json::append_string(out, *part);
  }
  out += ']';
  return out;
}

}  // namespace durward::gateway
