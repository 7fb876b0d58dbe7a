#include "policy/authn/api_keys.hpp"

#include <catch2/catch.hpp>

#include "policy/digest.hpp"

using namespace durward;
using namespace durward::authn;

namespace {

const HashKey kOld{"k1", config::Secret(std::string(32, 'a'))};
const HashKey kNew{"k2", config::Secret(std::string(32, 'b'))};
constexpr std::int64_t kNow = 1'800'000'000;
const std::string kRandom(32, '\x5A');

config::Tenants tenants(std::vector<std::string> names) {
  config::Tenants out(std::in_place);
  for (const std::string& name : names) out->push_back({name, {}});
  return out;
}

struct Made {
  std::string text;
  ApiKeyFile file;
};

Made made(const HashKey& with = kNew) {
  NewApiKey key = make_api_key("abcdefghij01", kRandom, with);
  key.entry.subject = "ci";
  key.entry.tenant = "acme";
  key.entry.roles = {"deployer"};
  key.entry.scopes = {"mcp:use"};
  key.entry.created = kNow;
  key.entry.expires = kNow + 60;
  return {std::string(key.text.reveal()), {{key.entry}}};
}

ApiKeys keys(const ApiKeyFile& file, const config::Tenants& allowed = tenants({"acme"})) {
  auto out = ApiKeys::make(file, {kOld, kNew}, allowed, "house");
  REQUIRE(out);
  return *std::move(out);
}

Cause refused(const ApiKeys& all, std::string_view key, std::int64_t now = kNow) {
  const auto who = all.check(key, now);
  REQUIRE_FALSE(who);
  return who.error();
}

}  // namespace

TEST_CASE("a key has the published form, and the file holds its keyed hash only") {
  const Made one = made();
  CHECK(one.text == "dw_abcdefghij01_" + crypto::base64url(kRandom));
  CHECK(one.text.size() == 3 + 12 + 1 + 43);
  CHECK(one.file.keys[0].hash.size() == 32);
  CHECK(made(kOld).file.keys[0].hash != one.file.keys[0].hash);
  CHECK(one.file.to_json().find(crypto::base64url(kRandom)) == std::string::npos);
}

TEST_CASE("a key on file names its holder") {
  const Made one = made();
  const auto who = keys(one.file).check(one.text, kNow);
  REQUIRE(who);
  CHECK(who->tenant() == "acme");
  CHECK(who->subject() == "ci");
  CHECK(who->client_id() == "abcdefghij01");
  CHECK(who->issuer() == "api_key");
  CHECK(who->roles() == std::vector<std::string>{"deployer"});
  CHECK(who->scopes() == std::vector<std::string>{"mcp:use"});
  CHECK(who->expiry() == kNow + 60);
  CHECK(keys(made(kOld).file).check(one.text, kNow));  // made under an older key of the keyring
}

TEST_CASE("what is no key, is not on file, or is changed in any place is refused") {
  const Made one = made();
  const ApiKeys all = keys(one.file);
  for (const std::string& bad :
       {std::string(), std::string("dw_"), one.text + "A", one.text.substr(0, one.text.size() - 1), "DW_" + one.text.substr(3),
        "dw_ABCDEFGHIJ01_" + one.text.substr(16), "dw_abcdefghij01-" + one.text.substr(16),
        one.text.substr(0, one.text.size() - 1) + "+", one.text.substr(0, 58) + std::string(1, '\0')})
    CHECK(refused(all, bad) == Cause(Defect::api_key_malformed));
  CHECK(refused(all, "dw_abcdefghij02_" + one.text.substr(16)) == Cause(Defect::api_key_unknown));
  for (std::size_t at = 16; at < one.text.size(); ++at) {
    std::string changed = one.text;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    CHECK(refused(all, changed) == Cause(Defect::api_key_wrong));
  }
}

TEST_CASE("a key ends with its expiry, with its tenant's leave and with its entry") {
  const Made one = made();
  const ApiKeys all = keys(one.file);
  const policy::Principal who = *all.check(one.text, kNow + 59);
  CHECK(refused(all, one.text, kNow + 60) == Cause(Defect::api_key_expired));
  CHECK(refused(keys(one.file, tenants({"globex"})), one.text) == Cause(Defect::tenant_not_issuers));
  CHECK(all.holds(who, kNow + 59));
  CHECK_FALSE(all.holds(who, kNow + 60));
  CHECK_FALSE(keys({}).holds(who, kNow));
  CHECK_FALSE(keys(one.file, tenants({"globex"})).holds(who, kNow));
  ApiKeyFile other = one.file;
  other.keys[0].subject = "somebody else";
  CHECK_FALSE(keys(other).holds(who, kNow));
}

TEST_CASE("a key without a tenant is the policy's") {
  ApiKeyFile file = made().file;
  file.keys[0].tenant.clear();
  CHECK(keys(file, std::nullopt).check(made().text, kNow)->tenant() == "house");
  CHECK(refused(keys(file), made().text) == Cause(Defect::tenant_not_issuers));
}

TEST_CASE("keys that nobody can check are not loaded") {
  CHECK_FALSE(ApiKeys::make(made().file, {}, std::nullopt, ""));
  const auto without = ApiKeys::make(made().file, {kOld}, std::nullopt, "");
  REQUIRE_FALSE(without);
  CHECK(without.error() == "the key abcdefghij01 was made under a key that the keyring does not have");
}

TEST_CASE("the file of keys is read as it is written") {
  ApiKeyFile file = made().file;
  file.keys.push_back(file.keys[0]);
  file.keys[1].id = "zzzzzzzzzzz9";
  file.keys[1].subject = "quote \" and \xC3\xA9";
  file.keys[1].expires.reset();
  file.keys[1].groups = {"a", "b"};
  const auto read = ApiKeyFile::parse(file.to_json());
  if (!read) FAIL(read.error());
  REQUIRE(read->keys.size() == 2);
  CHECK(read->to_json() == file.to_json());
  CHECK(read->keys[1].subject == file.keys[1].subject);
  CHECK_FALSE(read->keys[1].expires);
  CHECK(ApiKeyFile::parse(ApiKeyFile().to_json())->keys.empty());
}

TEST_CASE("a file of keys that is not one is refused as a whole, without repeating any of it") {
  const std::string entry = made().file.to_json();
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string out = entry;
    out.replace(out.find(from), from.size(), to);
    return out;
  };
  const std::string cases[] = {"",
                               "[]",
                               "{}",
                               R"({"v":2,"keys":[]})",
                               R"({"v":1})",
                               R"({"v":1,"keys":{}})",
                               R"({"v":1,"keys":[],"x":1})",
                               R"({"v":1,"keys":[],"keys":[]})",
                               R"({"v":1,"keys":[1]})",
                               entry + "x",
                               with("abcdefghij01", "abcdefghij0"),
                               with("abcdefghij01", "Abcdefghij01"),
                               with("\"subject\":\"ci\",", ""),
                               with("\"ci\"", "\"\""),
                               with("\"ci\"", "\"\\u0000\""),
                               with("\"ci\"", "\"canary\",\"canary\":\"canary\""),
                               with("\"created\"", "\"made\""),
                               with(std::to_string(kNow), "-1"),
                               with(std::to_string(kNow), "1.5"),
                               with("[\"deployer\"]", "\"deployer\""),
                               with("\"hash\":\"", "\"hash\":\"A"),
                               R"({"v":1,"keys":[)" + std::string(kApiKeyFileBytes, ' ') + "]}"};
  for (const std::string& text : cases) {
    const auto read = ApiKeyFile::parse(text);
    INFO(text.substr(0, 300));
    REQUIRE_FALSE(read);
    CHECK(read.error().find("canary") == std::string::npos);
  }
  std::string twice = entry.substr(0, entry.rfind(']')) + "," +
                      entry.substr(entry.find("{\"id\""), entry.rfind(']') - entry.find("{\"id\"")) + "]}";
  const auto read = ApiKeyFile::parse(twice);
  REQUIRE_FALSE(read);
  CHECK(read.error() == "its key number 2: an earlier one has its `id`");
}
