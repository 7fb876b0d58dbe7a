#include "gateway/broker.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include <sys/stat.h>

using namespace durward;
using namespace durward::gateway;

namespace {

/// Two secrets in the environment: `key` for one tool at two places, `other` for another tenant.
std::shared_ptr<const Credentials> loaded() {
  ::setenv("DURWARD_TEST_KEY", "the-secret-key", 1);
  ::setenv("DURWARD_TEST_OTHER", "another-secret", 1);
  config::Settings settings;
  config::BrokeredSecret key;
  key.name = "key";
  key.ref.value = "env://DURWARD_TEST_KEY";
  key.tools = {{"mcp://mail/send", {}}};
  key.arguments = {{"/auth/key", {}}, {"/list/*/key", {}}, {"/a~1b", {}}};
  config::BrokeredSecret other = key;
  other.name = "other";
  other.ref.value = "env://DURWARD_TEST_OTHER";
  other.users.tenants = {{"globex", {}}};
  settings.secrets = {key, other};
  auto out = load_credentials(settings);
  REQUIRE(out);
  return *out;
}

struct Asked {
  json::Document document;
  Brokerage out;
};

std::unique_ptr<Asked> ask(const std::string& arguments, const std::string& tool = "send") {
  static const auto credentials = loaded();
  auto document = json::Document::parse(arguments);
  REQUIRE(document);
  auto asked = std::make_unique<Asked>(Asked{*std::move(document), {}});
  asked->out = broker(*credentials, policy::anonymous("acme"), {"mail", tool, ""}, asked->document.root());
  return asked;
}

}  // namespace

TEST_CASE("a secret stands for the whole of a declared argument, and its place is named by the declared pointer") {
  const auto asked = ask(R"({"auth":{"key":"secret://key"},"list":[{},{"key":"secret:\/\/key"}],"a/b":"secret://key"})");
  CHECK_FALSE(asked->out.refused);
  REQUIRE(asked->out.put.size() == 3);
  CHECK(asked->out.put[0].pointer == "/auth/key");
  CHECK(asked->out.put[1].pointer == "/list/*/key");
  CHECK(asked->out.put[2].pointer == "/a~1b");
  CHECK(asked->out.put[0].place.raw() == R"("secret://key")");
  CHECK(asked->out.put[0].secret->value.reveal() == "the-secret-key");
}

TEST_CASE("what is not declared, unknown, or for others is refused, and all of it alike") {
  for (const char* arguments : {
           R"({"auth":{"other":"secret://key"}})",        // another place
           R"({"auth":{"key":{"key":"secret://key"}}})",  // deeper
           R"({"list":{"key":"secret://key"}})",          // less deep
           R"({"auth":{"key":"secret://absent"}})",       // no such secret
           R"({"auth":{"key":"secret://other"}})",        // another tenant's
           R"({"auth":{"key":"secret://"}})",             // no name
           R"({"auth":{"key":"secret://key/more"}})",     // more than a name
           R"({"auth":{"key":"\u0073ecret://absent"}})",  // written in another way
           R"({"secret://key":"value"})",                 // a name is no place
           R"({"list":[{"x":[["secret://key"]]}]})",
       }) {
    INFO(arguments);
    const auto asked = ask(arguments);
    CHECK(asked->out.refused);
    CHECK(asked->out.put.empty());
  }
  CHECK(ask(R"({"auth":{"key":"secret://key"}})", "read")->out.refused);  // another tool
}

TEST_CASE("text that only mentions a secret is text") {
  for (const char* arguments :
       {R"({"auth":{"key":"see secret://key"}})", R"({"a":"Secret://key"})", R"({"a":"secret:/key"})", R"({})"}) {
    const auto asked = ask(arguments);
    CHECK_FALSE(asked->out.refused);
    CHECK(asked->out.put.empty());
  }
}

TEST_CASE("a secret that cannot be had, or not found again, names its setting and nothing else") {
  config::Settings settings;
  config::BrokeredSecret secret;
  secret.name = "key";
  secret.tools = {{"mcp://mail/send", {}}};
  settings.secrets = {secret};
  settings.secrets[0].ref.value = "env://DURWARD_TEST_ABSENT_SECRET";
  const auto absent = load_credentials(settings);
  REQUIRE_FALSE(absent);
  CHECK(absent.error().find("secrets.key.ref") == 0);
  CHECK(absent.error().find("DURWARD_TEST") == std::string::npos);
  ::setenv("DURWARD_TEST_SHORT", "canary1", 1);
  settings.secrets[0].ref.value = "env://DURWARD_TEST_SHORT";
  const auto brief = load_credentials(settings);
  REQUIRE_FALSE(brief);
  CHECK(brief.error().find("secrets.key.ref") == 0);
  CHECK(brief.error().find("canary1") == std::string::npos);
}
