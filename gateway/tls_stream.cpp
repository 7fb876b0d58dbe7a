#include "gateway/tls_stream.hpp"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>

namespace durward::gateway {

using boost::system::error_code;
using Status = TlsStep::Status;

namespace {

constexpr std::size_t kRecord = 16 << 10;  // the most plaintext of one record
constexpr std::size_t kAtOnce = 64 << 10;  // written before other connections get their turn

class TlsCategory : public std::error_category {
 public:
  const char* name() const noexcept override { return "tls"; }
  std::string message(int value) const override {
    const char* text = ERR_reason_error_string(static_cast<unsigned>(value));
    return std::string("TLS: ") + (text == nullptr ? "failed" : text);
  }
};

class CertificateCategory : public std::error_category {
 public:
  const char* name() const noexcept override { return "certificate"; }
  std::string message(int value) const override {
    return std::string("TLS: the certificate was not accepted: ") + X509_verify_cert_error_string(value);
  }
};

// Where an SSL keeps its TlsStream.
int own_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

std::string der_of(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

/// The record to write next, without copying what fills it alone.
std::string_view next_record(std::span<const std::string_view> pieces, std::size_t skip, std::array<char, kRecord>& room) {
  std::size_t size = 0;
  for (std::string_view piece : pieces) {
    const std::size_t here = std::min(skip, piece.size());
    piece.remove_prefix(here);
    skip -= here;
    if (piece.empty()) continue;
    if (size == 0 && piece.size() >= kRecord) return piece.substr(0, kRecord);
    const std::size_t fits = std::min(piece.size(), kRecord - size);
    std::memcpy(room.data() + size, piece.data(), fits);
    size += fits;
    if (size == kRecord) break;
  }
  return {room.data(), size};
}

}  // namespace

const std::error_category& tls_category() noexcept {
  static const TlsCategory category;
  return category;
}

const std::error_category& certificate_category() noexcept {
  static const CertificateCategory category;
  return category;
}

// The socket as OpenSSL sees it. Its own BIO for sockets would raise SIGPIPE, go on with a descriptor that has been closed and
// perhaps given to somebody else, and tell nothing of a read that has emptied the socket.
struct TlsStream::Bio {
  static TlsStream& of(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

  static int done(BIO* bio, ssize_t result, bool reading) {
    if (result > 0) return static_cast<int>(result);
    if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (reading) BIO_set_retry_read(bio);
      if (!reading) BIO_set_retry_write(bio);
    } else if (result < 0) {
      of(bio).socket_error_ = errno;
    }
    return static_cast<int>(result);
  }

  static int read(BIO* bio, char* out, int size) {
    TlsStream& stream = of(bio);
    BIO_clear_retry_flags(bio);
    ssize_t got = 0;
    do {
      got = ::recv(stream.fd_, out, static_cast<std::size_t>(size), 0);
    } while (got < 0 && errno == EINTR);
    stream.drained_ = got < size;
    stream.ended_ |= got == 0;
    return done(bio, got, true);
  }

  static int write(BIO* bio, const char* data, int size) {
    TlsStream& stream = of(bio);
    BIO_clear_retry_flags(bio);
    ssize_t sent = 0;
    do {
      sent = ::send(stream.fd_, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return done(bio, sent, false);
  }

  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    return command == BIO_CTRL_EOF && of(bio).ended_ ? 1 : 0;
  }

  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }

  static const BIO_METHOD* method() {
    static const jose::Owned<BIO_METHOD, BIO_meth_free> made = [] {
      jose::Owned<BIO_METHOD, BIO_meth_free> all(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket"));
      if (!all || BIO_meth_set_read(all.get(), read) != 1 || BIO_meth_set_write(all.get(), write) != 1 ||
          BIO_meth_set_ctrl(all.get(), control) != 1 || BIO_meth_set_create(all.get(), create) != 1)
        throw std::bad_alloc();
      return all;
    }();
    return made.get();
  }
};

TlsStream::TlsStream(SslPtr ssl, int fd, std::shared_ptr<const void> context)
    : fd_(fd), context_(std::move(context)), ssl_(std::move(ssl)) {
  BIO* const bio = BIO_new(Bio::method());
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  SSL_set_bio(ssl_.get(), bio, bio);
  if (SSL_set_ex_data(ssl_.get(), own_index(), this) != 1) throw std::bad_alloc();
}

TlsStream& TlsStream::of(const SSL* ssl) { return *static_cast<TlsStream*>(SSL_get_ex_data(ssl, own_index())); }

// A session outlives its connection, however that ended: OpenSSL would forget it without a close_notify.
TlsStream::~TlsStream() { SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); }

TlsStep TlsStream::step(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {Status::wants_read};
    case SSL_ERROR_WANT_WRITE:
      return {Status::wants_write};
    case SSL_ERROR_ZERO_RETURN:
      return {Status::closed};
    default:
      break;
  }
  broken_ = true;
  const unsigned long why = ERR_peek_error();
  // Of a signature that does not hold the queue tells more than one thing, the certificate last.
  const bool certificate = ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_CERTIFICATE_VERIFY_FAILED;
  ERR_clear_error();
  TlsStep failed{Status::failed};
  const long verdict = refused_peer_ != X509_V_OK ? refused_peer_ : SSL_get_verify_result(ssl_.get());
  if (certificate)
    failed.error = std::error_code(static_cast<int>(verdict), certificate_category());
  else if (why != 0 && !ERR_SYSTEM_ERROR(why))
    failed.error = std::error_code(static_cast<int>(why), tls_category());
  else
    failed.error.assign(socket_error_ != 0 ? socket_error_ : ECONNRESET, boost::system::system_category());
  return failed;
}

TlsStep TlsStream::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) return step(result);
  settle();
  return {};
}

void TlsStream::settle() {
  X509* const shown = SSL_get0_peer_certificate(ssl_.get());
  if (shown == nullptr) return;
  peer_.der = der_of(shown);
  // Of a server the list begins with its own; nobody asks for the rest of it.
  const STACK_OF(X509)* const above = SSL_is_server(ssl_.get()) == 1 ? SSL_get_peer_cert_chain(ssl_.get()) : nullptr;
  for (int i = 0; i < sk_X509_num(above); ++i) peer_.between.push_back(der_of(sk_X509_value(above, i)));
  peer_.verified = SSL_get_verify_result(ssl_.get()) == X509_V_OK && (SSL_get_verify_mode(ssl_.get()) & SSL_VERIFY_PEER) != 0;
}

TlsStep TlsStream::read(std::span<char> out) {
  ERR_clear_error();
  std::size_t got = 0;
  const int result = SSL_read_ex(ssl_.get(), out.data(), out.size(), &got);
  if (result == 1) return {Status::done, got};
  return step(result);
}

TlsStep TlsStream::write(std::span<const std::string_view> pieces) {
  static thread_local std::array<char, kRecord> room;
  std::size_t taken = 0;
  while (taken < kAtOnce) {
    const std::string_view record = next_record(pieces, taken, room);
    if (record.empty()) break;
    ERR_clear_error();
    std::size_t written = 0;
    const int result = SSL_write_ex(ssl_.get(), record.data(), record.size(), &written);
    if (record.data() == room.data()) OPENSSL_cleanse(room.data(), record.size());
    taken += written;
    if (result == 1) continue;
    const TlsStep why = step(result);
    // What stands in OpenSSL's buffer is sent first by the next try, which begins with the same bytes.
    if (taken == 0 || why.status == Status::failed) return why;
    break;
  }
  return {Status::done, taken};
}

bool TlsStream::quiet() {
  ERR_clear_error();
  char byte = 0;
  std::size_t got = 0;
  const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &got);
  return result != 1 && step(result).status == Status::wants_read;
}

void TlsStream::goodbye() {
  if (fd_ < 0 || broken_ || !SSL_is_init_finished(ssl_.get())) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

}  // namespace durward::gateway
