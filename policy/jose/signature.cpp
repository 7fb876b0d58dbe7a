#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <sodium.h>

#include "policy/jose/key.hpp"
#include "policy/jose/openssl.hpp"

namespace durward::jose {
namespace {

using Digest = std::array<unsigned char, SHA384_DIGEST_LENGTH>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

/// A DER INTEGER of an unsigned number; false if it is 0.
bool append_integer(std::string& out, std::string_view number) {
  number.remove_prefix(std::min(number.find_first_not_of('\0'), number.size()));
  if (number.empty()) return false;
  const bool sign = (static_cast<unsigned char>(number.front()) & 0x80) != 0;
  out += '\x02';
  out += static_cast<char>(number.size() + (sign ? 1 : 0));
  if (sign) out += '\0';
  out += number;
  return true;
}

/// r ‖ s as OpenSSL wants it. Empty if one of them is 0. With 48 bytes each all lengths fit into one byte.
std::string to_der(std::string_view signature) {
  std::string numbers;
  const std::size_t half = signature.size() / 2;
  if (!append_integer(numbers, signature.substr(0, half)) || !append_integer(numbers, signature.substr(half))) return {};
  return "\x30" + std::string(1, static_cast<char>(numbers.size())) + numbers;
}

Outcome<void> verdict(bool good) {
  if (!good) return Fault::signature_wrong;
  return {};
}

bool verifies(EVP_PKEY_CTX* context, std::string_view signature, const Digest& digest, std::size_t size) {
  return EVP_PKEY_verify(context, bytes_of(signature), signature.size(), digest.data(), size) == 1;
}

Outcome<void> check_ecdsa(EVP_PKEY* key, std::size_t size, std::string_view input, std::string_view signature) {
  if (signature.size() != 2 * size) return Fault::signature_length;
  const std::string der = to_der(signature);
  if (der.empty()) return Fault::signature_wrong;
  Digest digest{};
  const bool small = size == SHA256_DIGEST_LENGTH;
  if (small) {
    const crypto::Hash hash = crypto::sha256(input);
    std::copy(hash.begin(), hash.end(), digest.begin());
  } else {
    SHA384(bytes_of(input), input.size(), digest.data());
  }
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return verdict(context && EVP_PKEY_verify_init(context.get()) == 1 && verifies(context.get(), der, digest, size));
}

bool prepare_rsa(EVP_PKEY_CTX* context, bool pss) {
  if (context == nullptr || EVP_PKEY_verify_init(context) != 1) return false;
  if (EVP_PKEY_CTX_set_rsa_padding(context, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) != 1) return false;
  if (EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) != 1) return false;
  if (!pss) return true;
  // RFC 7518 section 3.5: the mask's digest is the message's, the salt as long as it.
  return EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, SHA256_DIGEST_LENGTH) == 1;
}

Outcome<void> check_rsa(EVP_PKEY* key, bool pss, std::string_view input, std::string_view signature) {
  if (signature.size() != static_cast<std::size_t>(EVP_PKEY_get_size(key))) return Fault::signature_length;
  Digest digest{};
  const crypto::Hash hash = crypto::sha256(input);
  std::copy(hash.begin(), hash.end(), digest.begin());
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return verdict(prepare_rsa(context.get(), pss) && verifies(context.get(), signature, digest, hash.size()));
}

}  // namespace

Outcome<void> PublicKey::check(std::string_view input, std::string_view signature) const {
  const ErrorMark mark;
  if (algorithm_ == Algorithm::eddsa) {
    const auto& point = std::get<Ed25519>(key_);
    if (signature.size() != crypto_sign_BYTES) return Fault::signature_length;
    // libsodium demands a canonical S, and refuses an R or a key of small order.
    return verdict(crypto_sign_verify_detached(bytes_of(signature), bytes_of(input), input.size(), point.data()) == 0);
  }
  EVP_PKEY* const key = std::get<1>(key_).get();
  switch (algorithm_) {
    case Algorithm::es256:
      return check_ecdsa(key, SHA256_DIGEST_LENGTH, input, signature);
    case Algorithm::es384:
      return check_ecdsa(key, SHA384_DIGEST_LENGTH, input, signature);
    case Algorithm::rs256:
      return check_rsa(key, false, input, signature);
    case Algorithm::ps256:
      return check_rsa(key, true, input, signature);
    case Algorithm::eddsa:
      break;
  }
  return Fault::signature_wrong;
}

}  // namespace durward::jose
