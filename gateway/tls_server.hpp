#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "gateway/tls_files.hpp"
#include "gateway/tls_stream.hpp"
#include "gateway/tls_tickets.hpp"

namespace durward::gateway {

/// What a listener shows, and whom it asks.
struct TlsServerFiles {
  std::string certificate;  // PEM
  std::string key;          // a secret reference
  /// Of client certificates; empty: none is asked for.
  std::vector<X509Ptr> authorities{};
};

/// TLS towards callers: 1.2 and 1.3, ALPN http/1.1. Where there are authorities a certificate is asked for; one that is shown
/// and is not theirs, not for a client or not valid now ends the handshake, and the caller is not told which. Immutable. Any
/// thread.
class TlsServer : public std::enable_shared_from_this<TlsServer> {
 public:
  /// now: Unix seconds.
  static policy::Outcome<std::shared_ptr<const TlsServer>, TlsMistake> load(const TlsServerFiles& files, std::int64_t now);
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  /// The server's side over a connected socket. A session that a ticket of tickets opens is resumed, unless its caller has
  /// shown a certificate: that is shown and looked at anew each time. tickets outlives the connection.
  std::unique_ptr<TlsStream> accept(int fd, TicketKeys& tickets) const;
  /// When the first certificate of its chain expires, Unix seconds.
  std::int64_t expires() const { return expires_; }

 private:
  using ContextPtr = jose::Owned<SSL_CTX, SSL_CTX_free>;
  TlsServer(ContextPtr context, std::int64_t expires) : context_(std::move(context)), expires_(expires) {}
  const ContextPtr context_;
  const std::int64_t expires_;
};

}  // namespace durward::gateway
