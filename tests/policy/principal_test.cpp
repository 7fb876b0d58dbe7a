#include "policy/principal.hpp"

#include <catch2/catch.hpp>

using namespace durward;
using namespace durward::policy;

TEST_CASE("a principal's key is the canonical list of tenant, issuer, subject and client, and its hash is that of the key") {
  const Principal nobody = anonymous("acme \"x\"\n");
  CHECK(nobody.key() == R"(["acme \"x\"\n","","anonymous",""])");
  CHECK(nobody.hash() == crypto::sha256(nobody.key()));
  CHECK(self().key() == R"(["","","durward:self",""])");
  CHECK(name(self().method()) == "self");
}

TEST_CASE("a copy of a principal is the same data, and no other tenant's") {
  const Principal one = anonymous("acme");
  const Principal copy = one;  // NOLINT(performance-unnecessary-copy-initialization)
  CHECK(&copy.key() == &one.key());
  CHECK(anonymous("acme").hash() == one.hash());
  CHECK(anonymous("acme2").hash() != one.hash());
}
