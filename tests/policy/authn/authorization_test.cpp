#include "policy/authn/authorization.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

using namespace durward;
using namespace durward::authn;

TEST_CASE("an Authorization header is a scheme in any case, spaces and one token") {
  for (const char* value : {"Bearer a.b.c", "bearer a.b.c", "BEARER   a.b.c", "bEaReR a.b.c"}) {
    const auto read = read_authorization(value);
    INFO(value);
    REQUIRE(read);
    CHECK(read->scheme == Scheme::bearer);
    CHECK(read->token == "a.b.c");
  }
  const auto proof = read_authorization("dPoP AZaz09-._~+/==");
  REQUIRE(proof);
  CHECK(proof->scheme == Scheme::dpop);
  CHECK(proof->token == "AZaz09-._~+/==");
}

TEST_CASE("what is no credential of ours is refused for its own reason") {
  const std::pair<const char*, Defect> cases[] = {
      {"", Defect::authorization_malformed},
      {" Bearer a", Defect::authorization_malformed},
      {"Bearer", Defect::authorization_malformed},
      {"Bearer ", Defect::authorization_malformed},
      {"Bearer    ", Defect::authorization_malformed},
      {"Bearer a b", Defect::authorization_malformed},
      {"Bearer a ", Defect::authorization_malformed},
      {"Bearer a,b", Defect::authorization_malformed},
      {"Bearer a, Bearer b", Defect::authorization_malformed},
      {"Bearer \"a\"", Defect::authorization_malformed},
      {"Bearer token=a", Defect::authorization_malformed},
      {"Bearer =", Defect::authorization_malformed},
      {"Bearer a=b", Defect::authorization_malformed},
      {"Bearer a\xC3\xA9", Defect::authorization_malformed},
      {"DPoP", Defect::authorization_malformed},
      {"Basic YTpi", Defect::scheme_unknown},
      {"Bearer\ta", Defect::scheme_unknown},
      {"Bearera", Defect::scheme_unknown},
      {"a.b.c", Defect::scheme_unknown},
      {"Digest username=\"x\"", Defect::scheme_unknown},
  };
  for (const auto& [value, defect] : cases) {
    INFO(value);
    const auto read = read_authorization(value);
    REQUIRE_FALSE(read);
    CHECK(read.error() == Cause(defect));
  }
}

TEST_CASE("a token in the query is found however its name is written") {
  for (const char* target : {"/mcp/s?access_token=x", "/mcp/s?access_token", "/mcp/s?a=b&access_token=x",
                             "/mcp/s?ACCESS_TOKEN=x", "/mcp/s?%61ccess%5ftoken=x", "/mcp/s?&&access_token="})
    CHECK(has_token_in_query(target));
  for (const char* target : {"/mcp/s", "/mcp/s?", "/mcp/access_token=x", "/mcp/s?token=x", "/mcp/s?x=access_token",
                             "/mcp/s?access_tokens=x", "/mcp/s?access_toke%", "/mcp/s?access_toke%6", "/mcp/s?%access_token=x"})
    CHECK_FALSE(has_token_in_query(target));
}

TEST_CASE("a token with the prefix of API keys and no dot is one") {
  CHECK(is_api_key("dw_x"));
  CHECK_FALSE(is_api_key("dw_a.b.c"));
  CHECK_FALSE(is_api_key("DW_x"));
  CHECK_FALSE(is_api_key("a.b.c"));
}

TEST_CASE("every defect has its own name in the ledger") {
  std::ifstream file(std::string(DURWARD_SOURCE_DIR) + "/policy/authn/cause.hpp");
  std::stringstream text;
  text << file.rdbuf();
  const std::string header = text.str();
  const std::size_t begin = header.find("enum class Defect");
  std::istringstream lines(header.substr(begin, header.find("};", begin) - begin));
  std::string line;
  std::getline(lines, line);
  std::size_t count = 0;
  while (std::getline(lines, line)) {
    const std::size_t from = line.find_first_not_of(' ');
    const std::size_t comma = line.find(',');
    if (from == std::string::npos || line.compare(from, 2, "//") == 0 || comma == std::string::npos) continue;
    CHECK(name(static_cast<Defect>(count)) == line.substr(from, comma - from));
    ++count;
  }
  CHECK(count == kDefects);
}
