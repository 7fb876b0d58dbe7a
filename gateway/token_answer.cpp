#include "gateway/token_answer.hpp"

#include <algorithm>

#include "gateway/fields.hpp"
#include "gateway/secret_echo.hpp"
#include "policy/json.hpp"

namespace durward::gateway {

namespace {

using std::chrono::seconds;

bool sendable(std::string_view token) {
  return token.size() >= SecretEcho::kLeast && token.size() <= kLongestToken &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '\\'; });
}

}  // namespace

policy::Outcome<IssuedToken, std::string_view> read_token_answer(std::string_view body) {
  json::Limits limits;
  limits.depth = 16;
  limits.nodes = 10'000;
  const auto document = json::Document::parse(std::string(body), limits);
  if (!document) return std::string_view("the answer is not strict JSON");
  const json::Value root = (*document).root();
  const auto token = root.find("access_token").plain();
  if (!token || !sendable(*token)) return std::string_view("the answer has no access_token that a header can carry");
  if (!same_name(root.find("token_type").string(), "bearer")) return std::string_view("token_type is not Bearer");
  IssuedToken out{config::Secret(*token), kUsualToken};
  const json::Value lives = root.find("expires_in");
  if (!lives) return out;
  const auto told = lives.integer();
  if (!told || *told <= 0) return std::string_view("expires_in is not a number of seconds");
  out.lives = seconds(std::min<std::int64_t>(*told, seconds(kLongestLife).count()));
  return out;
}

}  // namespace durward::gateway
