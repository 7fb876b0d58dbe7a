#include "gateway/tls_files.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <ctime>
#include <limits>

#include "audit/key_files.hpp"
#include "config/load.hpp"
#include "config/secret_ref.hpp"

namespace durward::gateway {

using policy::Outcome;
using Of = TlsMistake::Of;
using BioPtr = jose::Owned<BIO, BIO_free_all>;

namespace {

constexpr std::size_t kFileBytes = 4 << 20;
constexpr std::size_t kAuthorities = 1000;
constexpr std::size_t kChain = 10;

BioPtr bytes(std::string_view text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

Outcome<std::vector<X509Ptr>, TlsMistake> read_certificates(const std::string& path, Of of, std::size_t most) {
  if (const auto problem = config::check_ownership(path)) return TlsMistake{of, path + ": " + problem->message};
  auto text = audit::read_text_file(path, kFileBytes);
  if (!text) return TlsMistake{of, std::move(text).error()};
  const jose::ErrorMark mark;
  const BioPtr bio = bytes((*text).value);
  std::vector<X509Ptr> all;
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    all.emplace_back(one);
    if (all.size() > most) return TlsMistake{of, path + ": has more than " + std::to_string(most) + " certificates"};
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!at_end) return TlsMistake{of, path + ": certificate " + std::to_string(all.size() + 1) + " in it cannot be read"};
  if (all.empty()) return TlsMistake{of, path + ": has no certificate in PEM form"};
  return all;
}

// Unix seconds; one that cannot be told is over.
std::int64_t seconds(const ASN1_TIME* time) {
  std::tm broken{};
  if (ASN1_TIME_to_tm(time, &broken) != 1) return std::numeric_limits<std::int64_t>::min();
  return ::timegm(&broken);
}

// OpenSSL asks for the password of a key that has one.
int no_password(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Outcome<KeyPtr, TlsMistake> read_key(const std::string& reference) {
  const config::SecretRead text = config::read_secret_ref(reference);
  if (!text.secret) return TlsMistake{Of::key, text.place + ": " + text.problem};
  const jose::ErrorMark mark;
  bool encrypted = false;
  KeyPtr key(PEM_read_bio_PrivateKey(bytes(text.secret->reveal()).get(), nullptr, no_password, &encrypted));
  if (encrypted) return TlsMistake{Of::key, reference + ": is encrypted; there is nobody to ask for its password"};
  if (!key) return TlsMistake{Of::key, reference + ": is no private key in PEM form"};
  return key;
}

}  // namespace

Outcome<TlsIdentity, TlsMistake> read_identity(const std::string& certificate, const std::string& key, std::int64_t now) {
  TlsIdentity identity;
  TRY(identity.chain, read_certificates(certificate, Of::certificate, kChain));
  TRY(identity.key, read_key(key));
  identity.expires = std::numeric_limits<std::int64_t>::max();
  for (const X509Ptr& one : identity.chain) {
    const std::int64_t from = seconds(X509_get0_notBefore(one.get())), to = seconds(X509_get0_notAfter(one.get()));
    const std::string which = one == identity.chain.front() ? "the certificate" : "a certificate of its chain";
    if (from > now) return TlsMistake{Of::certificate, certificate + ": " + which + " is not valid yet"};
    if (to <= now) return TlsMistake{Of::certificate, certificate + ": " + which + " has expired"};
    identity.expires = std::min(identity.expires, to);
  }
  const jose::ErrorMark mark;
  if (X509_check_private_key(identity.chain.front().get(), identity.key.get()) != 1)
    return TlsMistake{Of::key, key + ": does not belong to the certificate " + certificate};
  return identity;
}

Outcome<std::vector<X509Ptr>, TlsMistake> read_authorities(const std::string& path) {
  return read_certificates(path, Of::ca, kAuthorities);
}

}  // namespace durward::gateway
