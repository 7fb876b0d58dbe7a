#include "gateway/protected_resource.hpp"

#include <catch2/catch.hpp>

using namespace durward;
using namespace durward::gateway;

namespace {

config::Settings settings(const std::vector<bool>& dpop) {
  config::Settings out;
  out.listen.public_url.value = "https://gw.example.com";
  out.servers["s"].name = "s";
  for (const bool one : dpop) {
    config::JwtAuthn jwt;
    jwt.issuer.value = "https://as" + std::to_string(out.authn.jwt.size()) + ".example.com";
    jwt.dpop = one;
    out.authn.jwt.push_back(jwt);
  }
  return out;
}

}  // namespace

TEST_CASE("where no issuer's tokens may be bound to a key, nobody is told to bind them") {
  const ProtectedResources none(settings({false, false}));
  CHECK(none.metadata("s").find("dpop") == std::string::npos);
  CHECK(none.challenge("s", {true, true}).starts_with("Bearer "));
  const ProtectedResources some(settings({false, true}));
  CHECK(some.metadata("s").find("dpop_signing_alg_values_supported") != std::string::npos);
  CHECK(some.challenge("s", {true, true}).starts_with("DPoP "));
  CHECK(some.challenge("s", {true, false}).starts_with("Bearer "));
}
