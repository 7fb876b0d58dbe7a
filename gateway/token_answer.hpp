#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "config/secret.hpp"
#include "policy/outcome.hpp"

namespace durward::gateway {

/// What a token endpoint gives out.
struct IssuedToken {
  config::Secret token;
  std::chrono::seconds lives{};  // from now on
};

inline constexpr std::size_t kLongestToken = 8 << 10;   // bytes: it must fit a header
inline constexpr std::chrono::seconds kUsualToken{60};  // the life of one whose answer does not tell
inline constexpr std::chrono::hours kLongestLife{24};   // whatever the answer tells

/// Reads the answer of a token endpoint (RFC 6749 section 5.1; RFC 8693 section 2.2.1): strict JSON, an access_token of visible
/// ASCII of SecretEcho::kLeast to kLongestToken bytes, token_type Bearer. Errors: what is wrong, without any of the text.
policy::Outcome<IssuedToken, std::string_view> read_token_answer(std::string_view body);

}  // namespace durward::gateway
