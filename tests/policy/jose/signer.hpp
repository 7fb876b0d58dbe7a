#pragma once
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <sodium.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "policy/digest.hpp"
#include "policy/jose/key.hpp"

/// The other side of policy/jose: makes keys and signs, with OpenSSL's high-level calls only.
namespace durward::tests {

class Signer {
 public:
  explicit Signer(jose::Algorithm algorithm, std::string kid = {}) : algorithm_(algorithm), kid_(std::move(kid)) {
    switch (algorithm) {
      case jose::Algorithm::rs256:
      case jose::Algorithm::ps256:
        key_.reset(EVP_RSA_gen(2048), EVP_PKEY_free);
        break;
      case jose::Algorithm::es256:
        key_.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
        break;
      case jose::Algorithm::es384:
        key_.reset(EVP_EC_gen("P-384"), EVP_PKEY_free);
        break;
      case jose::Algorithm::eddsa:
        key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free);
        break;
    }
    require(key_ != nullptr);
  }

  jose::Algorithm algorithm() const { return algorithm_; }
  const std::string& kid() const { return kid_; }
  EVP_PKEY* key() const { return key_.get(); }

  /// The members of the public key that its type demands, without braces.
  std::string members() const {
    if (rsa())
      return R"("kty":"RSA","n":")" + number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" + number(OSSL_PKEY_PARAM_RSA_E) + '"';
    const std::string point = public_bytes();
    if (algorithm_ == jose::Algorithm::eddsa) return R"("kty":"OKP","crv":"Ed25519","x":")" + crypto::base64url(point) + '"';
    const std::size_t half = (point.size() - 1) / 2;
    return R"("kty":"EC","crv":")" + std::string(half == 32 ? "P-256" : "P-384") + R"(","x":")" +
           crypto::base64url(point.substr(1, half)) + R"(","y":")" + crypto::base64url(point.substr(1 + half)) + '"';
  }
  std::string jwk(const std::string& more = {}) const {
    const std::string kid = kid_.empty() ? "" : R"(,"kid":")" + kid_ + '"';
    return "{" + members() + R"(,"alg":")" + std::string(jose::name(algorithm_)) + '"' + kid +
           (more.empty() ? "" : "," + more) + "}";
  }

  /// A member of it, decoded.
  std::string bytes(const std::string& member) const {
    const std::string text = members();
    const std::size_t begin = text.find('"' + member + R"(":")") + member.size() + 4;
    return *crypto::from_base64url(text.substr(begin, text.find('"', begin) - begin));
  }

  /// As JWS has it: r ‖ s for ECDSA.
  std::string sign(std::string_view input) const {
    std::string signature = sign_raw(input, algorithm_ == jose::Algorithm::ps256);
    return ecdsa() ? flat(signature, algorithm_ == jose::Algorithm::es256 ? 32 : 48) : signature;
  }
  /// As OpenSSL has it: DER for ECDSA. pss: of an RSA key, whichever its algorithm is.
  std::string sign_raw(std::string_view input, bool pss) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_PKEY_CTX* options = nullptr;
    const EVP_MD* digest = algorithm_ == jose::Algorithm::eddsa   ? nullptr
                           : algorithm_ == jose::Algorithm::es384 ? EVP_sha384()
                                                                  : EVP_sha256();
    require(EVP_DigestSignInit(context.get(), &options, digest, nullptr, key_.get()) == 1);
    if (pss) {
      require(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1);
      require(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    std::size_t size = 0;
    const auto* const bytes = reinterpret_cast<const unsigned char*>(input.data());
    require(EVP_DigestSign(context.get(), nullptr, &size, bytes, input.size()) == 1);
    std::string out(size, '\0');
    require(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes, input.size()) == 1);
    out.resize(size);
    return out;
  }

  std::string compact(std::string_view header, std::string_view payload) const {
    const std::string input = crypto::base64url(header) + "." + crypto::base64url(payload);
    return input + "." + crypto::base64url(sign(input));
  }

  /// {"alg":…,"kid":…,"typ":"at+jwt"}, and more members, which begin with a comma.
  std::string header(const std::string& more = {}) const {
    return R"({"alg":")" + std::string(jose::name(algorithm_)) + R"(","kid":")" + kid_ + R"(","typ":"at+jwt")" + more + "}";
  }

  static std::string flat(std::string_view der, std::size_t half) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* const parsed = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    require(parsed != nullptr);
    std::string out(2 * half, '\0');
    auto* const bytes = reinterpret_cast<unsigned char*>(out.data());
    const int size = static_cast<int>(half);
    const bool fits = BN_bn2binpad(ECDSA_SIG_get0_r(parsed), bytes, size) == size &&
                      BN_bn2binpad(ECDSA_SIG_get0_s(parsed), bytes + half, size) == size;
    ECDSA_SIG_free(parsed);
    require(fits);
    return out;
  }

 private:
  static void require(bool good) {
    if (!good) throw std::runtime_error("the signer failed");
  }
  bool rsa() const { return algorithm_ == jose::Algorithm::rs256 || algorithm_ == jose::Algorithm::ps256; }
  bool ecdsa() const { return algorithm_ == jose::Algorithm::es256 || algorithm_ == jose::Algorithm::es384; }

  std::string number(const char* parameter) const {
    BIGNUM* value = nullptr;
    require(EVP_PKEY_get_bn_param(key_.get(), parameter, &value) == 1);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
    BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
    BN_free(value);
    return crypto::base64url(bytes);
  }
  std::string public_bytes() const {
    std::array<unsigned char, 128> bytes;
    std::size_t size = 0;
    require(EVP_PKEY_get_octet_string_param(key_.get(), OSSL_PKEY_PARAM_PUB_KEY, bytes.data(), bytes.size(), &size) == 1);
    return {reinterpret_cast<const char*>(bytes.data()), size};
  }

  jose::Algorithm algorithm_;
  std::string kid_;
  std::shared_ptr<EVP_PKEY> key_;
};

/// What somebody signs who takes a public key for an HMAC secret. bits: 256, 384 or 512.
inline std::string hmac_compact(int bits, std::string_view secret, std::string_view kid, std::string_view payload) {
  const std::string header =
      R"({"alg":"HS)" + std::to_string(bits) + R"(","kid":")" + std::string(kid) + R"(","typ":"at+jwt"})";
  const std::string input = crypto::base64url(header) + "." + crypto::base64url(payload);
  const EVP_MD* const digest = bits == 256 ? EVP_sha256() : bits == 384 ? EVP_sha384() : EVP_sha512();
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned size = 0;
  // A secret that is empty has to be somewhere: OpenSSL takes a null pointer for "the same key again".
  HMAC(digest, secret.empty() ? "" : secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(input.data()), input.size(), out.data(), &size);
  return input + "." + crypto::base64url({reinterpret_cast<const char*>(out.data()), size});
}

}  // namespace durward::tests
