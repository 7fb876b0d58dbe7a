#include <string>

#include "policy/jose/checks.hpp"
#include "policy/jose/dpop.hpp"
#include "policy/jose/key_set.hpp"
#include "policy/jose/token.hpp"
#include "quotas/rate_table.hpp"
#include "quotas/replay.hpp"
#include "tests/bench/small.hpp"
#include "tests/policy/jose/issuer.hpp"

// What a credential costs in CPU time of one thread, without a gateway.
namespace durward::bench {
namespace {

using namespace jose;
using tests::issuer;
using tests::kNow;
using tests::Signer;

void tokens() {
  for (const Signer* const signer : issuer().all()) {
    const std::string compact = signer->compact(signer->header(), tests::Payload().text());
    const std::string title = std::string(name(signer->algorithm())) + ": read, find the key, verify, check everything";
    measure(title.c_str(), 1, [&] { require(static_cast<bool>(tests::admit(compact))); });
  }
  const std::string compact = issuer().es.compact(issuer().es.header(), tests::Payload().text());
  measure("the form of a token of 0.4 KB", 20, [&] { require(static_cast<bool>(read(compact))); });
  tests::Payload large;
  large.more = R"(,"pad":")" + std::string(5000, 'x') + '"';
  const std::string longest = issuer().es.compact(issuer().es.header(), large.text());
  measure("the form of a token of 7 KB", 20, [&] { require(static_cast<bool>(read(longest))); });
  const Registered registered = tests::admit(compact)->registered();
  measure("of a cached token: SHA-256, times, audience, type, binding", 100, [&] {
    sink = crypto::sha256(compact)[0];
    require(check_times(registered, kNow, 60) && check_audience(registered, tests::kResource) &&
            check_type(registered, TypeRule::any) && check_certificate(registered, std::nullopt));
  });
  const std::string document = issuer().document();
  measure("a key set of five keys", 1, [&] { require(static_cast<bool>(KeySet::parse(document))); });
}

void proofs() {
  for (const Signer* const signer : {&issuer().es, &issuer().ed}) {
    const std::string token = "access";
    const std::string header =
        R"({"typ":"dpop+jwt","alg":")" + std::string(name(signer->algorithm())) + R"(","jwk":{)" + signer->members() + "}}";
    const std::string payload = R"({"htm":"POST","htu":")" + tests::kResource + R"(","iat":)" + std::to_string(kNow) +
                                R"(,"jti":"id","ath":")" + crypto::base64url(crypto::view(crypto::sha256(token))) + "\"}";
    const std::string compact = signer->compact(header, payload);
    const crypto::Hash key = (*issuer().keys.find(signer->kid(), signer->algorithm()))->thumbprint();
    const std::string title = std::string(name(signer->algorithm())) + ": a DPoP proof";
    measure(title.c_str(), 1, [&] {
      require(static_cast<bool>(check_proof(compact, {"POST", tests::kResource, token, key, kNow})));
    });
  }
}

void quotas_of_many() {
  quotas::RateTable table(64 * 1024, quotas::RateTable::random_seed());
  const quotas::Limit limit = quotas::Limit::per_minute(20);
  std::size_t i = 0;
  measure("a rate, 100,000 keys in 65,536 entries", 100, [&] {
    const std::string key = "203.0.113." + std::to_string(++i % 100'000);
    sink = table.take({key, limit}, static_cast<std::int64_t>(i) * 1000).passes ? 1 : 0;
  });
  quotas::ReplayCache cache(quotas::ReplayCache::kDefault, quotas::ReplayCache::random_seed(), 0);
  measure("a fresh entry of the replay cache", 100, [&] {
    ++i;
    sink = static_cast<std::size_t>(cache.insert("id " + std::to_string(i), kNow + 61, kNow));
  });
}

}  // namespace
}  // namespace durward::bench

int main() {
  durward::bench::heading();
  durward::bench::tokens();
  durward::bench::proofs();
  durward::bench::quotas_of_many();
}
