#include <catch2/catch.hpp>

#include "audit/verify.hpp"
#include "policy/digest.hpp"
#include "policy/json.hpp"
#include "tests/audit/support.hpp"

namespace durward::audit {
namespace {

using namespace test;

TEST_CASE("this verifier agrees with the vectors of the independent one") {
  const fs::path folder = fs::path(DURWARD_SOURCE_DIR) / "tests/vectors/ledger";
  auto index = json::Document::parse(slurp(folder / "index.json"));
  REQUIRE(index);
  REQUIRE(index->root().size() > 200);
  for (json::Value vector : index->root().elements()) {
    VerifyRequest request;
    request.paths = {(folder / vector.find("file").string()).string()};
    request.origin = vector.find("origin").string();
    if (vector.find("key").is(json::Kind::string))
      request.public_keys = {crypto::from_base64(vector.find("key").string()).value()};
    const VerifyReport report = verify_log(request);
    INFO(vector.raw());
    INFO(to_text(report));
    CHECK(report.exit_code == vector.find("expect").integer());
    CHECK(report.reasons.empty() == (report.exit_code == 0));
  }
}

}  // namespace
}  // namespace durward::audit
