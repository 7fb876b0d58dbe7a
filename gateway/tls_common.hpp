#pragma once
#include <openssl/ssl.h>

#include <string>

#include "gateway/tls_files.hpp"

/// What TLS is like on either side.
namespace durward::gateway {

/// From version on; forward secrecy and authenticated encryption only; no compression, no renegotiation. False: OpenSSL
/// refuses.
bool restrict_tls(SSL_CTX* context, int version);
/// certificate: the file's name, for the error.
policy::Outcome<void, TlsMistake> use_identity(SSL_CTX* context, const TlsIdentity& identity, const std::string& certificate);
/// What OpenSSL last complained of.
std::string tls_problem();

}  // namespace durward::gateway
