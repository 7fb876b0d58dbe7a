#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "gateway/tls_files.hpp"
#include "gateway/tls_stream.hpp"

namespace durward::gateway {

/// Where a client's TLS takes its trust and its own certificate from.
struct TlsClientFiles {
  std::string ca;           // PEM; empty: what the system trusts
  std::string certificate;  // PEM; empty: none is shown
  std::string key;          // a secret reference
};

/// TLS towards servers: their chain is verified, and that it names the host. Immutable but for the sessions that servers have
/// offered, which spare a second handshake its signatures. Any thread.
class TlsClient : public std::enable_shared_from_this<TlsClient> {
 public:
  /// now: Unix seconds.
  static policy::Outcome<std::shared_ptr<const TlsClient>, TlsMistake> load(const TlsClientFiles& files, std::int64_t now);
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  /// A connection to url's host over a connected socket. url comes from the configuration: sessions are kept by authority.
  std::unique_ptr<TlsStream> open(const config::Url& url, int fd) const;
  /// Of this process's contexts: what one has verified is not for another to use.
  std::uint64_t id() const { return id_; }
  /// When its own certificate expires, Unix seconds; 0: it has none.
  std::int64_t expires() const { return expires_; }

 private:
  using ContextPtr = jose::Owned<SSL_CTX, SSL_CTX_free>;
  using SessionPtr = jose::Owned<SSL_SESSION, SSL_SESSION_free>;
  using Sessions = std::vector<SessionPtr>;
  explicit TlsClient(ContextPtr context);
  static int keep_session(SSL* ssl, SSL_SESSION* session);
  SessionPtr session_for(Sessions& kept) const;
  const ContextPtr context_;
  const std::uint64_t id_;
  std::int64_t expires_ = 0;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Sessions> sessions_;  // by authority; a node never goes
};

}  // namespace durward::gateway
