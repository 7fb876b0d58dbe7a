#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace durward::crypto {

using Hash = std::array<std::uint8_t, 32>;

Hash sha256(std::string_view bytes);                       // OpenSSL, reused context per thread is not needed here
Hash sha256(std::uint8_t prefix, std::string_view bytes);  // of prefix ‖ bytes (RFC 6962 leaves)
Hash hmac_sha256(std::string_view key, std::string_view label, std::string_view bytes);  // over label ‖ 0x00 ‖ bytes
std::string hex(std::string_view bytes);
inline std::string_view view(const Hash& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

std::string base64(std::string_view bytes);                        // RFC 4648 section 4, padded
std::optional<std::string> from_base64(std::string_view text);     // strict: padding and zero trailing bits demanded
std::string base64url(std::string_view bytes);                     // section 5, unpadded
std::optional<std::string> from_base64url(std::string_view text);  // strict, unpadded

}  // namespace durward::crypto
