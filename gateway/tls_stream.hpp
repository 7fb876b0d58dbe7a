#pragma once
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "policy/jose/openssl.hpp"

namespace durward::gateway {

using SslPtr = jose::Owned<SSL, SSL_free>;

/// What a try at TLS came to.
struct TlsStep {
  enum class Status : std::uint8_t {
    done,
    wants_read,   // nothing was done: the socket must first be readable
    wants_write,  // or writable
    closed,       // the peer has said that it sends no more
    failed,       // error says why; the connection is of no more use
  };
  Status status = Status::done;
  std::size_t count = 0;  // bytes
  boost::system::error_code error{};
  bool waits() const { return status == Status::wants_read || status == Status::wants_write; }
};

/// A certificate that a peer has shown, after its chain has been verified.
struct PeerCertificate {
  std::string der;
  std::vector<std::string> between;  // what a caller has shown besides, to lead to its authority; DER
  bool verified = false;
};

/// One TLS connection over a non-blocking socket: it tries, and never waits. Bound to its loop. Whatever is written comes from
/// the caller's memory; a write that would block must be tried again with the same bytes, and may be with more behind them.
class TlsStream {
 public:
  /// ssl: fresh. fd is not owned: detach() before it is closed. context: what ssl was made by, kept as long as this.
  TlsStream(SslPtr ssl, int fd, std::shared_ptr<const void> context);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  TlsStep handshake();
  TlsStep read(std::span<char> out);
  /// Takes from the front of pieces, 64 KiB at most.
  TlsStep write(std::span<const std::string_view> pieces);
  /// Nothing is left of what the last read found on the socket: without news from there a read would wait.
  bool drained() const { return drained_ && SSL_has_pending(ssl_.get()) == 0; }
  /// Nothing was received that is not TLS's own, and the peer has not closed.
  bool quiet();
  /// Tells the peer that nothing more will be sent, if it can be told without waiting and nothing is broken.
  void goodbye();
  /// The socket goes: everything fails from now on.
  void detach() { fd_ = -1; }

  /// After the handshake. Null: the peer has shown none.
  const PeerCertificate* peer() const { return peer_.der.empty() ? nullptr : &peer_; }
  bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

  /// The one that ssl belongs to, for callbacks of OpenSSL.
  static TlsStream& of(const SSL* ssl);
  /// The peer's certificate does not hold: what the handshake's error will be, instead of what the peer is told.
  void refuse_peer(int why) { refused_peer_ = why; }

 private:
  struct Bio;
  TlsStep step(int result);
  void settle();
  int fd_;
  int socket_error_ = 0;  // errno of the last failure of the socket
  int refused_peer_ = X509_V_OK;
  bool drained_ = false, ended_ = false, broken_ = false;
  const std::shared_ptr<const void> context_;
  PeerCertificate peer_;
  const SslPtr ssl_;
};

/// Why TLS has failed, in OpenSSL's words, which repeat nothing that the peer sent: of the protocol, and of a certificate.
const std::error_category& tls_category() noexcept;
const std::error_category& certificate_category() noexcept;

}  // namespace durward::gateway
