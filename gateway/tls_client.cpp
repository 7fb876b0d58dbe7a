#include "gateway/tls_client.hpp"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <array>
#include <atomic>
#include <new>

#include "gateway/tls_common.hpp"

namespace durward::gateway {

using policy::Outcome;
using Of = TlsMistake::Of;

namespace {

constexpr std::size_t kSessions = 8;  // of one server: as many as a burst of new connections may well use

std::atomic<std::uint64_t> next_id{1};

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> out{};
  return ::inet_pton(AF_INET, host.c_str(), out.data()) == 1 || ::inet_pton(AF_INET6, host.c_str(), out.data()) == 1;
}

// Only subject alternative names count, an address only as an address, and a wildcard only for a whole label.
bool expect(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (is_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
  // What SSL_set_tlsext_host_name would do, with a cast of C++.
  return X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size()) == 1 &&
         SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(host.c_str())) == 1;
}

Outcome<void, TlsMistake> trust(SSL_CTX* context, const std::string& ca) {
  if (ca.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1)
      return TlsMistake{Of::ca, "the system's certificates: " + tls_problem()};
    return {};
  }
  TRY(const std::vector<X509Ptr> all, read_authorities(ca));
  for (const X509Ptr& one : all)
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one.get()) != 1)
      return TlsMistake{Of::ca, ca + ": " + tls_problem()};
  return {};
}

}  // namespace

TlsClient::TlsClient(ContextPtr context) : context_(std::move(context)), id_(next_id++) {
  SSL_CTX_set_app_data(context_.get(), this);
  SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_.get(), keep_session);
}

Outcome<std::shared_ptr<const TlsClient>, TlsMistake> TlsClient::load(const TlsClientFiles& files, std::int64_t now) {
  const jose::ErrorMark mark;
  ContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (!context || !restrict_tls(context.get(), TLS1_2_VERSION))
    return TlsMistake{Of::ca, "cannot set up TLS: " + tls_problem()};
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  static constexpr std::array<unsigned char, 9> kHttp{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  if (SSL_CTX_set_alpn_protos(context.get(), kHttp.data(), kHttp.size()) != 0) throw std::bad_alloc();
  if (auto trusted = trust(context.get(), files.ca); !trusted) return std::move(trusted).error();
  std::int64_t expires = 0;
  if (!files.certificate.empty()) {
    TRY(const TlsIdentity identity, read_identity(files.certificate, files.key, now));
    if (auto used = use_identity(context.get(), identity, files.certificate); !used) return std::move(used).error();
    expires = identity.expires;
  }
  std::shared_ptr<TlsClient> client(new TlsClient(std::move(context)));
  client->expires_ = expires;
  return std::shared_ptr<const TlsClient>(std::move(client));
}

std::unique_ptr<TlsStream> TlsClient::open(const config::Url& url, int fd) const {
  SslPtr ssl(SSL_new(context_.get()));
  if (!ssl || !expect(ssl.get(), url.host)) throw std::bad_alloc();
  SSL_set_connect_state(ssl.get());
  {
    const std::lock_guard lock(mutex_);
    Sessions& kept = sessions_[url.authority()];
    SSL_set_app_data(ssl.get(), &kept);
    if (const SessionPtr session = session_for(kept)) SSL_set_session(ssl.get(), session.get());
  }
  return std::make_unique<TlsStream>(std::move(ssl), fd, shared_from_this());
}

// A ticket of TLS 1.3 is used once, so that nobody on the way can tell two connections to be one caller's.
TlsClient::SessionPtr TlsClient::session_for(Sessions& kept) const {
  while (!kept.empty()) {
    SessionPtr session = std::move(kept.back());
    kept.pop_back();
    if (SSL_SESSION_is_resumable(session.get()) != 1) continue;
    if (SSL_SESSION_get_protocol_version(session.get()) < TLS1_3_VERSION && SSL_SESSION_up_ref(session.get()) == 1)
      kept.emplace_back(session.get());
    return session;
  }
  return nullptr;
}

// The connection keeps its TlsClient alive, and with it the place that the session goes to.
int TlsClient::keep_session(SSL* ssl, SSL_SESSION* session) {
  const auto* const client = static_cast<const TlsClient*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  auto* const kept = static_cast<Sessions*>(SSL_get_app_data(ssl));
  const std::lock_guard lock(client->mutex_);
  if (kept->size() >= kSessions) kept->erase(kept->begin());
  kept->emplace_back(session);
  return 1;
}

}  // namespace durward::gateway
