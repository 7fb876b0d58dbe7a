#include "gateway/tls_common.hpp"

#include <openssl/err.h>

namespace durward::gateway {

bool restrict_tls(SSL_CTX* context, int version) {
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // A read ends with each record that is none of the application's, so that a peer who sends nothing else holds up nobody.
  SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_security_level(context, 2);
  return SSL_CTX_set_min_proto_version(context, version) == 1 &&
         SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
         SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1;
}

policy::Outcome<void, TlsMistake> use_identity(SSL_CTX* context, const TlsIdentity& identity, const std::string& certificate) {
  const auto refused = [&] {
    return TlsMistake{TlsMistake::Of::certificate, certificate + ": cannot be used: " + tls_problem()};
  };
  if (SSL_CTX_use_certificate(context, identity.chain.front().get()) != 1) return refused();
  for (std::size_t i = 1; i < identity.chain.size(); ++i)
    if (SSL_CTX_add1_chain_cert(context, identity.chain[i].get()) != 1) return refused();
  if (SSL_CTX_use_PrivateKey(context, identity.key.get()) != 1) return refused();
  return {};
}

std::string tls_problem() {
  const char* const text = ERR_reason_error_string(ERR_peek_last_error());
  return text == nullptr ? "failed" : text;
}

}  // namespace durward::gateway
