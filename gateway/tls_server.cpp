#include "gateway/tls_server.hpp"

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <new>

#include "gateway/tls_common.hpp"

namespace durward::gateway {

using policy::Outcome;
using Of = TlsMistake::Of;

namespace {

constexpr int kDepth = 6;                         // certificates between a caller's and its authority
constexpr long kCertificates = 32 << 10;          // bytes of them, of one caller
constexpr std::size_t kNames = 16 << 10;          // bytes of authorities' names that are told to callers
constexpr std::string_view kContext = "durward";  // whose sessions these are

// The one protocol that is spoken here. Who offers others only is told so, and is not taken for somebody who did not ask.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered, unsigned count,
                    void*) {
  static constexpr std::string_view kHttp = "http/1.1";
  for (unsigned at = 0; at < count; at += 1U + offered[at]) {
    const unsigned length = offered[at];
    if (at + 1 + length > count) break;
    if (std::string_view(reinterpret_cast<const char*>(offered) + at + 1, length) != kHttp) continue;
    *chosen = offered + at + 1;
    *size = static_cast<unsigned char>(length);
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Whatever is wrong with a certificate, its owner hears one and the same alert: bad_certificate.
int verify(X509_STORE_CTX* chain, void*) {
  auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  SSL_set_num_tickets(ssl, 0);  // see reuse()
  if (X509_verify_cert(chain) == 1) return 1;
  TlsStream::of(ssl).refuse_peer(X509_STORE_CTX_get_error(chain));
  X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_REJECTED);
  return 0;
}

// A ticket holds its caller's certificate, but neither those above it nor a proof that the key is still the caller's.
SSL_TICKET_RETURN reuse(SSL* ssl, SSL_SESSION* session, const unsigned char*, std::size_t, SSL_TICKET_STATUS status, void*) {
  if (status == SSL_TICKET_FATAL_ERR_MALLOC || status == SSL_TICKET_FATAL_ERR_OTHER) return SSL_TICKET_RETURN_ABORT;
  const bool opened = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
  if (!opened || SSL_SESSION_get0_peer(session) != nullptr) return SSL_TICKET_RETURN_IGNORE_RENEW;
  // A ticket of TLS 1.3 is for one use: whoever comes with one gets the next.
  const bool renew = status == SSL_TICKET_SUCCESS_RENEW || SSL_version(ssl) >= TLS1_3_VERSION;
  return renew ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}

bool set_up(const TicketKeys::Key& key, const unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, bool seal) {
  std::string digest = "SHA256";
  const std::array<OSSL_PARAM, 2> parameters{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
                                             OSSL_PARAM_construct_end()};
  const std::span<const unsigned char> secret = key.mac();
  return EVP_CipherInit_ex2(cipher, EVP_aes_256_cbc(), key.cipher().data(), iv, seal ? 1 : 0, nullptr) == 1 &&
         EVP_MAC_init(mac, secret.data(), secret.size(), parameters.data()) == 1;
}

// 1: go on; 2: go on, and give a new ticket; 0: no key of ours; below: fail. See SSL_CTX_set_tlsext_ticket_key_evp_cb(3).
int ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int seal) {
  auto* const keys = static_cast<TicketKeys*>(SSL_get_app_data(ssl));
  try {
    if (seal != 0) {
      const TicketKeys::KeyPtr key = keys->newest();
      std::copy(key->name.begin(), key->name.end(), name);
      return RAND_bytes(iv, EVP_MAX_IV_LENGTH) == 1 && set_up(*key, iv, cipher, mac, true) ? 1 : -1;
    }
    const TicketKeys::Found found =
        keys->find(std::span<const unsigned char, TicketKeys::kNameBytes>(name, TicketKeys::kNameBytes));
    if (!found.key) return 0;
    if (!set_up(*found.key, iv, cipher, mac, false)) return -1;
    return found.newest ? 1 : 2;
  } catch (const std::exception&) {
    return -1;
  }
}

// The names help callers that have several certificates to choose; they are left out where they would fill the handshake.
void tell_names(SSL_CTX* context, const std::vector<X509Ptr>& authorities) {
  std::size_t all = 0;
  for (const X509Ptr& one : authorities)
    all += static_cast<std::size_t>(std::max(i2d_X509_NAME(X509_get_subject_name(one.get()), nullptr), 0)) + 2;
  if (all > kNames) return;
  for (const X509Ptr& one : authorities)
    if (SSL_CTX_add_client_CA(context, one.get()) != 1) throw std::bad_alloc();
}

Outcome<void, TlsMistake> ask_callers(SSL_CTX* context, const std::vector<X509Ptr>& authorities) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);  // as authn::ClientCa: each of them may issue
  for (const X509Ptr& one : authorities)
    if (X509_STORE_add_cert(store, one.get()) != 1) return TlsMistake{Of::ca, "cannot be used: " + tls_problem()};
  tell_names(context, authorities);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_verify_depth(context, kDepth);
  SSL_CTX_set_cert_verify_callback(context, verify, nullptr);
  return {};
}

}  // namespace

Outcome<std::shared_ptr<const TlsServer>, TlsMistake> TlsServer::load(const TlsServerFiles& files, std::int64_t now) {
  const jose::ErrorMark mark;
  TRY(const TlsIdentity identity, read_identity(files.certificate, files.key, now));
  ContextPtr made(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* const context = made.get();
  if (!made || !restrict_tls(context, TLS1_2_VERSION))
    return TlsMistake{Of::certificate, "cannot set up TLS: " + tls_problem()};
  if (auto used = use_identity(context, identity, files.certificate); !used) return std::move(used).error();
  if (!files.authorities.empty())
    if (auto asks = ask_callers(context, files.authorities); !asks) return std::move(asks).error();
  SSL_CTX_set_max_cert_list(context, kCertificates);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(context, std::chrono::seconds(TicketKeys::kPeriod).count());
  const bool tickets =
      SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kContext.data()), kContext.size()) == 1 &&
      SSL_CTX_set_tlsext_ticket_key_evp_cb(context, ticket_key) == 1 &&
      SSL_CTX_set_session_ticket_cb(context, nullptr, reuse, nullptr) == 1;
  if (!tickets) throw std::bad_alloc();
  return std::shared_ptr<const TlsServer>(new TlsServer(std::move(made), identity.expires));
}

std::unique_ptr<TlsStream> TlsServer::accept(int fd, TicketKeys& tickets) const {
  SslPtr ssl(SSL_new(context_.get()));
  if (!ssl) throw std::bad_alloc();
  SSL_set_app_data(ssl.get(), &tickets);
  SSL_set_accept_state(ssl.get());
  return std::make_unique<TlsStream>(std::move(ssl), fd, shared_from_this());
}

}  // namespace durward::gateway
