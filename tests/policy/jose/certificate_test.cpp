#include "policy/jose/certificate.hpp"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <catch2/catch.hpp>

#include <functional>

namespace durward::jose {
namespace {

struct Name {
  int type;
  std::string text;
};
const int kUri = GEN_URI;
const int kDns = GEN_DNS;

EVP_PKEY* key() {
  static const std::shared_ptr<EVP_PKEY> made(EVP_EC_gen("P-256"), EVP_PKEY_free);
  return made.get();
}

std::string to_der(X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  REQUIRE(size > 0);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

void add_extension(X509* certificate, int nid, const char* value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
  REQUIRE(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// A certificate that its own key signs; who issued it is no question here.
std::string certificate(const std::vector<Name>& names, const std::function<void(X509*)>& change = {}) {
  const std::shared_ptr<X509> made(X509_new(), X509_free);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("root"), -1, -1, 0);
  X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
  ASN1_TIME_set_string_X509(X509_getm_notBefore(made.get()), "20260101000000Z");
  ASN1_TIME_set_string_X509(X509_getm_notAfter(made.get()), "20300101000000Z");
  X509_set_pubkey(made.get(), key());
  if (!names.empty()) {
    GENERAL_NAMES* const list = sk_GENERAL_NAME_new_null();
    for (const Name& each : names) {
      GENERAL_NAME* const name = GENERAL_NAME_new();
      ASN1_STRING* const text = each.type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
      ASN1_STRING_set(text, each.text.data(), static_cast<int>(each.text.size()));
      GENERAL_NAME_set0_value(name, each.type, text);
      sk_GENERAL_NAME_push(list, name);
    }
    X509_add1_ext_i2d(made.get(), NID_subject_alt_name, list, 0, X509V3_ADD_DEFAULT);
    sk_GENERAL_NAME_pop_free(list, GENERAL_NAME_free);
  }
  if (change) change(made.get());
  REQUIRE(X509_sign(made.get(), key(), EVP_sha256()) > 0);
  return to_der(made.get());
}

std::string judge(const std::string& der) {
  const auto identity = CertificateIdentity::parse(der);
  return std::string(identity ? "good" : name(identity.error()));
}
std::string judge(const std::vector<Name>& names) { return judge(certificate(names)); }

}  // namespace

TEST_CASE("a certificate names a SPIFFE ID, other URIs or hosts, and when it ends") {
  const std::string der = certificate({{kUri, "spiffe://example.org/agent/1"},
                                       {kDns, "Agent.Example.org"},
                                       {kDns, "b.example.org"},
                                       {GEN_EMAIL, "x@example.org"}});
  const auto identity = CertificateIdentity::parse(der);
  REQUIRE(identity);
  CHECK(identity->spiffe == "spiffe://example.org/agent/1");
  CHECK(identity->uris == std::vector<std::string>{"spiffe://example.org/agent/1"});
  CHECK(identity->dns == std::vector<std::string>{"agent.example.org", "b.example.org"});
  CHECK(identity->thumbprint == crypto::sha256(der));
  CHECK(identity->expiry == 1'893'456'000);  // 2030-01-01
  const auto plain = CertificateIdentity::parse(certificate({{kUri, "urn:agent:1"}, {kUri, "https://example.org/agent"}}));
  REQUIRE(plain);
  CHECK_FALSE(plain->spiffe);
  CHECK(plain->uris.size() == 2);
}

TEST_CASE("a certificate without a URI or DNS name names nobody, whatever its common name says") {
  CHECK(judge(std::vector<Name>{}) == "certificate_unnamed");
  CHECK(judge({{GEN_EMAIL, "x@example.org"}}) == "certificate_unnamed");
  CHECK(judge({{GEN_IPADD, std::string(4, '\1')}}) == "certificate_unnamed");
}

TEST_CASE("a DNS name that is no host name is refused") {
  for (const char* const good : {"a.example", "localhost", "1.example", "xn--bcher-kva.example", "a-b.c3"})
    CHECK(judge({{kDns, good}}) == "good");
  for (const std::string& bad :
       {std::string("*.example.org"), std::string("*"), std::string(""), std::string("a..b"), std::string(".a"),
        std::string("a."), std::string("-a.b"), std::string("a-.b"), std::string("a b"), std::string("a_b.c"),
        std::string("127.0.0.1"), std::string("10"), std::string("a.example\0.attacker.example", 27),
        std::string("\xC3\xA9.example"), std::string("a/b"), std::string("a:443"), std::string(64, 'a') + ".b",
        std::string(254, 'a')}) {
    INFO(bad);
    CHECK(judge({{kDns, bad}}) == "certificate_name");
    CHECK(judge({{kDns, "good.example"}, {kDns, bad}}) == "certificate_name");
  }
}

TEST_CASE("a URI with anything but visible ASCII after a scheme is refused") {
  for (const std::string& bad : {std::string(""), std::string("agent"), std::string("/agent"), std::string(":x"),
                                 std::string("1a:x"), std::string("a b:x"), std::string("urn:a b"), std::string("urn:a\0b", 7),
                                 std::string("urn:\xC3\xA9"), std::string("urn:a\n"), "urn:" + std::string(2045, 'a')}) {
    INFO(bad);
    CHECK(judge({{kUri, bad}}) == "certificate_name");
  }
  CHECK(judge({{kUri, "urn:" + std::string(2044, 'a')}}) == "good");
}

TEST_CASE("a SPIFFE ID stands alone and is strict") {
  CHECK(judge({{kUri, "spiffe://example.org/a"}, {kUri, "urn:x"}}) == "spiffe_ambiguous");
  CHECK(judge({{kUri, "urn:x"}, {kUri, "spiffe://example.org/a"}}) == "spiffe_ambiguous");
  CHECK(judge({{kUri, "spiffe://example.org/a"}, {kUri, "spiffe://example.org/b"}}) == "spiffe_ambiguous");
  CHECK(judge({{kUri, "spiffe://example.org/a/../b"}}) == "spiffe_malformed");
  CHECK(judge({{kUri, "SPIFFE://example.org/a"}}) == "spiffe_malformed");
  CHECK(judge({{kUri, "spiffe:example.org/a"}}) == "spiffe_malformed");
}

TEST_CASE("the syntax of SPIFFE IDs") {
  for (const std::string& good :
       {std::string("spiffe://example.org/a"), std::string("spiffe://a/b/c/d.e-f_G9"), std::string("spiffe://1.2-3_4/..."),
        std::string("spiffe://a/.b"), "spiffe://" + std::string(255, 'a') + "/x", "spiffe://a/" + std::string(2037, 'x')}) {
    INFO(good);
    CHECK(is_spiffe_id(good));
  }
  for (const std::string& bad : {std::string(""),
                                 std::string("spiffe://"),
                                 std::string("spiffe:///a"),
                                 std::string("spiffe://example.org"),
                                 std::string("spiffe://example.org/"),
                                 std::string("spiffe://example.org/a/"),
                                 std::string("spiffe://example.org//a"),
                                 std::string("spiffe://example.org/."),
                                 std::string("spiffe://example.org/.."),
                                 std::string("spiffe://example.org/a/./b"),
                                 std::string("spiffe://Example.org/a"),
                                 std::string("spiffe://example.org:443/a"),
                                 std::string("spiffe://u@example.org/a"),
                                 std::string("spiffe://example.org/a?x"),
                                 std::string("spiffe://example.org/a#x"),
                                 std::string("spiffe://example.org/%61"),
                                 std::string("spiffe://example.org/\xC3\xA9"),
                                 std::string("spiffe://example.org/a b"),
                                 std::string("Spiffe://example.org/a"),
                                 std::string("http://example.org/a"),
                                 "spiffe://" + std::string(256, 'a') + "/x",
                                 "spiffe://a/" + std::string(2038, 'x')}) {
    INFO(bad);
    CHECK_FALSE(is_spiffe_id(bad));
  }
}

TEST_CASE("a CA's certificate names no caller") {
  const std::vector<Name> names = {{kUri, "spiffe://example.org/a"}};
  CHECK(judge(certificate(names, [](X509* made) { add_extension(made, NID_basic_constraints, "critical,CA:TRUE"); })) ==
        "certificate_authority");
  CHECK(judge(certificate(names, [](X509* made) { add_extension(made, NID_key_usage, "critical,keyCertSign"); })) ==
        "certificate_authority");
  CHECK(judge(certificate(names, [](X509* made) { add_extension(made, NID_basic_constraints, "critical,CA:FALSE"); })) ==
        "good");
}

TEST_CASE("what is not one whole certificate is refused") {
  const std::string good = certificate({{kDns, "a.example"}});
  CHECK(judge(good) == "good");
  CHECK(judge(good + "x") == "certificate_malformed");
  CHECK(judge(good + good) == "certificate_malformed");
  CHECK(judge("") == "certificate_malformed");
  for (std::size_t i = 0; i < good.size(); i += 7) CHECK(judge(good.substr(0, i)) == "certificate_malformed");
  CHECK(judge(std::string(CertificateIdentity::kMaxBytes + 1, '0')) == "certificate_too_long");
  std::vector<Name> many(CertificateIdentity::kMaxNames, {kDns, "a.example"});
  CHECK(judge(many) == "good");
  many.push_back({kDns, "a.example"});
  CHECK(judge(many) == "certificate_name");
  const std::string twice =
      certificate({{kDns, "a.example"}}, [](X509* made) { add_extension(made, NID_subject_alt_name, "DNS:b.example"); });
  CHECK(judge(twice) == "certificate_malformed");
}

}  // namespace durward::jose
