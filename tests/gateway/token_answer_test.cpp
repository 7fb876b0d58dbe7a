#include "gateway/token_answer.hpp"

#include <catch2/catch.hpp>

using namespace durward::gateway;
using namespace std::chrono_literals;

TEST_CASE("the answer of a token endpoint gives a token and its life") {
  const auto read = read_token_answer(R"({"access_token":"abcdefgh","token_type":"bearer","expires_in":300,"scope":"a b"})");
  REQUIRE(read);
  CHECK(read->token.reveal() == "abcdefgh");
  CHECK(read->lives == 300s);
  CHECK(read_token_answer(R"({"access_token":"abcdefgh","token_type":"Bearer"})")->lives == kUsualToken);
  CHECK(read_token_answer(R"({"access_token":"abcdefgh","token_type":"Bearer","expires_in":9007199254740991})")->lives == 24h);
}

TEST_CASE("an answer that could be read in two ways, or whose token no header can carry, gives none") {
  const std::string long_token(kLongestToken + 1, 'a');
  for (const std::string& answer : {
           std::string(),
           std::string("access_token=abcdefgh&token_type=bearer"),
           std::string("[]"),
           std::string(R"({"access_token":"abcdefgh","access_token":"ijklmnop","token_type":"Bearer"})"),
           std::string(R"({"token_type":"Bearer"})"),
           std::string(R"({"access_token":null,"token_type":"Bearer"})"),
           std::string(R"({"access_token":"short","token_type":"Bearer"})"),
           std::string(R"({"access_token":"with space","token_type":"Bearer"})"),
           std::string(R"({"access_token":"line\r\nx: injected","token_type":"Bearer"})"),
           std::string(R"({"access_token":"abcdéfgh","token_type":"Bearer"})"),
           R"({"access_token":")" + long_token + R"(","token_type":"Bearer"})",
           std::string(R"({"access_token":"abcdefgh"})"),
           std::string(R"({"access_token":"abcdefgh","token_type":"N_A"})"),
           std::string(R"({"access_token":"abcdefgh","token_type":"DPoP"})"),
           std::string(R"({"access_token":"abcdefgh","token_type":"Bearer","expires_in":"300"})"),
           std::string(R"({"access_token":"abcdefgh","token_type":"Bearer","expires_in":0})"),
           std::string(R"({"access_token":"abcdefgh","token_type":"Bearer","expires_in":-1})"),
           std::string(R"({"access_token":"abcdefgh","token_type":"Bearer","expires_in":3e2})"),
           std::string(R"({"error":"invalid_client"})"),
       }) {
    INFO(answer.substr(0, 80));
    CHECK_FALSE(read_token_answer(answer));
  }
  CHECK(read_token_answer(R"({"access_token":")" + long_token.substr(1) + R"(","token_type":"Bearer"})"));
}
