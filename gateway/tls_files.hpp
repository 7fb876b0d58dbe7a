#pragma once
#include <openssl/x509.h>

#include <cstdint>
#include <string>
#include <vector>

#include "policy/jose/openssl.hpp"
#include "policy/outcome.hpp"

/// Certificates and keys as files, read and checked.
namespace durward::gateway {

using X509Ptr = jose::Owned<X509, X509_free>;
using KeyPtr = jose::Owned<EVP_PKEY, EVP_PKEY_free>;

/// What is wrong with a file: to be said of the setting that names it.
struct TlsMistake {
  enum class Of : std::uint8_t { certificate, key, ca };
  Of of;
  std::string what;  // one sentence, with the file's name and nothing of a key
};

/// A certificate with those that lead to its authority, and its key.
struct TlsIdentity {
  std::vector<X509Ptr> chain;  // its own first
  KeyPtr key;
  std::int64_t expires = 0;  // Unix seconds: when the first of the chain does
};

/// certificate: a PEM file. key: a secret reference, to PEM without a password. now: Unix seconds. Errors: what cannot be read,
/// belongs to others or can be written by them, is not PEM, has not begun or is over at now, or does not belong together.
policy::Outcome<TlsIdentity, TlsMistake> read_identity(const std::string& certificate, const std::string& key,
                                                       std::int64_t now);

/// The certificates of a PEM file: at least one, at most 1,000. Errors as above; those that are over count as the others.
policy::Outcome<std::vector<X509Ptr>, TlsMistake> read_authorities(const std::string& path);

}  // namespace durward::gateway
