#pragma once
#include <openssl/sha.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace durward::crypto {

using Hash = std::array<std::uint8_t, 32>;
inline std::string_view view(const Hash& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

Hash sha256(std::string_view bytes);
Hash sha256(std::uint8_t prefix, std::string_view bytes);  // of prefix ‖ bytes (RFC 6962 leaves)

/// HMAC-SHA-256 (RFC 2104) under one key. The key is hashed once, so a short text costs two compressions. Wipes itself.
/// Thread-safe.
class Hmac {
 public:
  explicit Hmac(std::string_view key);
  Hmac(const Hmac&) = default;
  Hmac& operator=(const Hmac&) = default;
  ~Hmac();
  Hash of(std::string_view label, std::string_view bytes) const;  // over label ‖ 0x00 ‖ bytes

 private:
  SHA256_CTX inner_, outer_;
};

std::string hex(std::string_view bytes);

std::string base64(std::string_view bytes);                        // RFC 4648 section 4, padded
void append_base64(std::string& out, const Hash& hash);            // the same, 44 characters
std::optional<std::string> from_base64(std::string_view text);     // strict: padding and zero trailing bits demanded
std::string base64url(std::string_view bytes);                     // section 5, unpadded
std::optional<std::string> from_base64url(std::string_view text);  // strict, unpadded

}  // namespace durward::crypto
