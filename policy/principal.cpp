#include "policy/principal.hpp"

namespace durward::policy {

Principal anonymous(const std::string& tenant) {
  Principal principal;
  principal.tenant_ = tenant;
  principal.subject_ = "anonymous";
  principal.method_ = "anonymous";
  return principal;
}

Principal self() {
  Principal principal;
  principal.subject_ = "durward:self";
  principal.method_ = "self";
  return principal;
}

}  // namespace durward::policy
