#include "policy/digest.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <sodium.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace durward::crypto {
namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};

using Digest = std::unique_ptr<EVP_MD, Deleter<EVP_MD_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using Mac = std::unique_ptr<EVP_MAC, Deleter<EVP_MAC_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Deleter<EVP_MAC_CTX_free>>;

/// A failure here is a broken OpenSSL or no memory: nothing that a caller could answer.
void require(bool good) {
  if (!good) throw std::runtime_error("the digest library failed");
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// Fetching an algorithm by name costs more than hashing a short text, so it is done once; the result is immutable.
const EVP_MD* fetched_sha256() {
  static const Digest digest(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  require(digest != nullptr);
  return digest.get();
}

EVP_MAC* fetched_hmac() {
  static const Mac mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  require(mac != nullptr);
  return mac.get();
}

Hash hash(std::string_view prefix, std::string_view bytes) {
  const DigestContext context(EVP_MD_CTX_new());
  Hash out{};
  require(context && EVP_DigestInit_ex(context.get(), fetched_sha256(), nullptr) == 1 &&
          EVP_DigestUpdate(context.get(), prefix.data(), prefix.size()) == 1 &&
          EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
          EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1);
  return out;
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

Hash hmac_sha256(std::string_view key, std::string_view label, std::string_view bytes) {
  char name[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                   OSSL_PARAM_construct_end()};
  const MacContext context(EVP_MAC_CTX_new(fetched_hmac()));
  // OpenSSL takes a null pointer as "no key yet", an empty key included.
  const unsigned char* start = key.empty() ? bytes_of("") : bytes_of(key);
  const unsigned char zero = 0;
  Hash out{};
  std::size_t length = 0;
  require(context && EVP_MAC_init(context.get(), start, key.size(), parameters) == 1 &&
          EVP_MAC_update(context.get(), bytes_of(label), label.size()) == 1 && EVP_MAC_update(context.get(), &zero, 1) == 1 &&
          EVP_MAC_update(context.get(), bytes_of(bytes), bytes.size()) == 1 &&
          EVP_MAC_final(context.get(), out.data(), &length, out.size()) == 1 && length == out.size());
  return out;
}

std::string hex(std::string_view bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes_of(bytes), bytes.size());
  text.pop_back();
  return text;
}

std::string base64(std::string_view bytes) { return encode(bytes, sodium_base64_VARIANT_ORIGINAL); }
std::optional<std::string> from_base64(std::string_view text) { return decode(text, sodium_base64_VARIANT_ORIGINAL); }
std::string base64url(std::string_view bytes) { return encode(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING); }
std::optional<std::string> from_base64url(std::string_view text) {
  return decode(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

}  // namespace durward::crypto
