#pragma once
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>

/// A certificate authority for tests, made when it is needed: nothing of it expires in the repository.
namespace durward::tests {

class TestCa {
 public:
  /// from: when its certificates begin to hold, Unix seconds.
  explicit TestCa(const char* name, std::int64_t from = kFrom)
      : name_(name), key_(EVP_EC_gen("P-256"), EVP_PKEY_free), from_(from) {
    certificate_ = make(nullptr, name, key_.get(), {{NID_basic_constraints, "critical,CA:TRUE"}}, 0, kDay * 3650);
  }
  using Extensions = std::vector<std::pair<int, std::string>>;
  static constexpr long kDay = 24 * 3600;
  /// A time for tests that stop the clock.
  static constexpr std::int64_t kFrom = 1'800'000'000;

  std::string pem() const { return pem_of(certificate_.get()); }

  /// A client's certificate in DER. san: as OpenSSL's configuration writes it ("URI:spiffe://…"). usage: its extended key
  /// usage.
  std::string issue(const std::string& san, const std::string& usage = "clientAuth", long lives = kDay) const {
    return der_of(issued(san, usage, lives).certificate.get());
  }
  /// The same with its key.
  struct Issued {
    std::shared_ptr<X509> certificate;
    std::shared_ptr<EVP_PKEY> key;
  };
  Issued issued(const std::string& san, const std::string& usage = "clientAuth", long lives = kDay) const {
    const std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    return {make(this, "client", key.get(), {{NID_subject_alt_name, san}, {NID_ext_key_usage, usage}}, 0, lives), key};
  }
  /// A certificate authority below this one.
  TestCa below(const char* name) const {
    TestCa out(name, from_);
    out.certificate_ = make(this, name, out.key_.get(), {{NID_basic_constraints, "critical,CA:TRUE"}}, 0, kDay * 3650);
    return out;
  }

  static std::string pem_of(X509* certificate) {
    return text([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
  }
  static std::string pem_of(EVP_PKEY* key) {
    return text([&](BIO* out) { return PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
  }
  template <class Write>
  static std::string text(const Write& write) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), BIO_free_all);
    require(write(out.get()) == 1);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
  }
  static std::string der_of(X509* certificate) {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(certificate, &bytes);
    require(size > 0);
    std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return der;
  }
  X509* certificate() const { return certificate_.get(); }

 private:
  static void require(bool good) {
    if (!good) throw std::runtime_error("the test's CA failed");
  }
  std::shared_ptr<X509> make(const TestCa* issuer, const char* name, EVP_PKEY* key, const Extensions& extensions, long from,
                             long until) const {
    static long serial = 1;
    std::shared_ptr<X509> out(X509_new(), X509_free);
    X509_set_version(out.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(out.get()), ++serial);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(out.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(out.get(), X509_get_subject_name(issuer ? issuer->certificate_.get() : out.get()));
    ASN1_TIME_set(X509_getm_notBefore(out.get()), from_ + from);
    ASN1_TIME_set(X509_getm_notAfter(out.get()), from_ + until);
    X509_set_pubkey(out.get(), key);
    for (const auto& [nid, value] : extensions) {
      X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
      require(extension != nullptr);
      X509_add_ext(out.get(), extension, -1);
      X509_EXTENSION_free(extension);
    }
    require(X509_sign(out.get(), issuer ? issuer->key_.get() : key, EVP_sha256()) > 0);
    return out;
  }
  std::string name_;
  std::shared_ptr<EVP_PKEY> key_;
  std::int64_t from_;
  std::shared_ptr<X509> certificate_;
};

}  // namespace durward::tests
