// The SHA256_* functions: OpenSSL 3.0 marks them as deprecated, but its EVP layer costs ten times what it hashes on texts as
// short as ours, and only they let a key's state be copied without an allocation.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "policy/digest.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <stdexcept>

namespace durward::crypto {
namespace {

/// A failure here is a broken OpenSSL: nothing that a caller could answer.
void require(bool good) {
  if (!good) throw std::runtime_error("the digest library failed");
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

void update(SHA256_CTX& context, std::string_view bytes) { require(SHA256_Update(&context, bytes.data(), bytes.size()) == 1); }

Hash finish(SHA256_CTX& context) {
  Hash out;
  require(SHA256_Final(out.data(), &context) == 1);
  return out;
}

Hash hash(std::string_view prefix, std::string_view bytes) {
  SHA256_CTX context;
  require(SHA256_Init(&context) == 1);
  update(context, prefix);
  update(context, bytes);
  return finish(context);
}

std::string encode(std::string_view bytes, int variant) {
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes_of(bytes), bytes.size(), variant);
  text.pop_back();  // the NUL that libsodium writes
  return text;
}

std::optional<std::string> decode(std::string_view text, int variant) {
  // libsodium 1.0.18 takes every byte above 0x7F for the last digit of the alphabet.
  if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > 0x7F; })) return std::nullopt;
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t length = 0;
  // With nothing to ignore and no end pointer libsodium demands that every character counts.
  const int failed = sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(),
                                       nullptr, &length, nullptr, variant);
  if (failed != 0) return std::nullopt;
  bytes.resize(length);
  return bytes;
}

}  // namespace

Hash sha256(std::string_view bytes) { return hash({}, bytes); }

Hash sha256(std::uint8_t prefix, std::string_view bytes) {
  const char first = static_cast<char>(prefix);
  return hash({&first, 1}, bytes);
}

Hmac::Hmac(std::string_view key) {
  constexpr std::size_t kBlock = 64;
  std::array<char, kBlock> block{};
  Hash shortened{};
  if (key.size() > kBlock) {
    shortened = sha256(key);
    key = view(shortened);
  }
  std::copy(key.begin(), key.end(), block.begin());
  const auto begin = [&block](SHA256_CTX& context, char pad) {
    for (char& byte : block) byte = static_cast<char>(byte ^ pad);
    require(SHA256_Init(&context) == 1);
    update(context, {block.data(), block.size()});
  };
  begin(inner_, 0x36);
  begin(outer_, 0x36 ^ 0x5C);  // the block holds key ^ 0x36 by now
  sodium_memzero(block.data(), block.size());
  sodium_memzero(shortened.data(), shortened.size());
}

Hmac::~Hmac() {
  sodium_memzero(&inner_, sizeof inner_);
  sodium_memzero(&outer_, sizeof outer_);
}

Hash Hmac::of(std::string_view label, std::string_view bytes) const {
  SHA256_CTX inner = inner_;
  update(inner, label);
  update(inner, std::string_view("", 1));
  update(inner, bytes);
  const Hash digest = finish(inner);
  SHA256_CTX outer = outer_;
  update(outer, view(digest));
  return finish(outer);
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(bytes.size() * 2, '\0');
  char* out = text.data();
  for (const char c : bytes) {
    *out++ = kDigits[static_cast<unsigned char>(c) >> 4U];
    *out++ = kDigits[static_cast<unsigned char>(c) & 15U];
  }
  return text;
}

std::string base64(std::string_view bytes) {
  // OpenSSL's table: libsodium's constant time is for secrets, and costs four times as much.
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes_of(bytes), static_cast<int>(bytes.size()));
  text.pop_back();  // the NUL that OpenSSL writes
  return text;
}
void append_base64(std::string& out, const Hash& hash) {
  std::array<unsigned char, 45> text;
  EVP_EncodeBlock(text.data(), hash.data(), static_cast<int>(hash.size()));
  out.append(reinterpret_cast<const char*>(text.data()), text.size() - 1);
}

std::optional<std::string> from_base64(std::string_view text) { return decode(text, sodium_base64_VARIANT_ORIGINAL); }
std::string base64url(std::string_view bytes) { return encode(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING); }
std::optional<std::string> from_base64url(std::string_view text) {
  return decode(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

}  // namespace durward::crypto
