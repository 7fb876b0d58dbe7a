#include "audit/keys.hpp"

#include <sodium.h>

#include <stdexcept>

#include "policy/digest.hpp"

namespace durward::audit {
namespace {

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

void start_sodium() {
  static const bool started = sodium_init() >= 0;
  if (!started) throw std::runtime_error("libsodium did not start");
}

}  // namespace

policy::Outcome<SigningKey, std::string> SigningKey::parse(std::string_view text) {
  start_sodium();
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  auto decoded = crypto::from_base64(text);
  const config::Secret bytes(decoded ? std::string_view(*decoded) : std::string_view{});
  if (decoded) sodium_memzero(decoded->data(), decoded->size());
  const std::string_view raw = bytes.reveal();
  if (raw.size() != crypto_sign_SEEDBYTES && raw.size() != crypto_sign_SECRETKEYBYTES)
    return std::string("is not the base64 of a 32-byte Ed25519 seed or a 64-byte secret key");
  std::string pair(crypto_sign_SECRETKEYBYTES, '\0');
  std::string half(crypto_sign_PUBLICKEYBYTES, '\0');
  crypto_sign_seed_keypair(reinterpret_cast<unsigned char*>(half.data()), reinterpret_cast<unsigned char*>(pair.data()),
                           bytes_of(raw));
  SigningKey key;
  key.secret_ = config::Secret(pair);
  key.public_ = std::move(half);
  sodium_memzero(pair.data(), pair.size());
  if (raw.size() == crypto_sign_SECRETKEYBYTES && raw.substr(32) != key.public_)
    return std::string("holds a public half that does not belong to its seed");
  return key;
}

SigningKey SigningKey::generate() {
  start_sodium();
  std::string seed(crypto_sign_SEEDBYTES, '\0');
  randombytes_buf(seed.data(), seed.size());
  std::string text = crypto::base64(seed);
  SigningKey key = *parse(text);
  sodium_memzero(seed.data(), seed.size());
  sodium_memzero(text.data(), text.size());
  return key;
}

std::string SigningKey::sign(std::string_view message) const {
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, bytes_of(message), message.size(),
                       bytes_of(secret_.reveal()));
  return signature;
}

std::string key_id(std::string_view public_key) { return crypto::hex(crypto::view(crypto::sha256(public_key))).substr(0, 16); }

std::string SigningKey::kid() const { return key_id(public_); }

std::string SigningKey::seed_base64() const { return crypto::base64(secret_.reveal().substr(0, crypto_sign_SEEDBYTES)); }

bool verify(std::string_view public_key, std::string_view message, std::string_view signature) {
  start_sodium();
  return public_key.size() == crypto_sign_PUBLICKEYBYTES && signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(bytes_of(signature), bytes_of(message), message.size(), bytes_of(public_key)) == 0;
}

}  // namespace durward::audit
