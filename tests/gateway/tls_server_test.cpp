#include "gateway/tls_server.hpp"

#include <fcntl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <ctime>

#include "gateway/handshakes.hpp"
#include "tests/gateway/certificate_files.hpp"

using namespace durward;
using namespace durward::gateway;
using namespace std::chrono_literals;
using tests::TestCa;
using Status = TlsStep::Status;

namespace {

using ContextPtr = jose::Owned<SSL_CTX, SSL_CTX_free>;
using SessionPtr = jose::Owned<SSL_SESSION, SSL_SESSION_free>;

/// A caller as OpenSSL makes one, and the gateway's end of its connection. Both take turns; nobody waits.
struct Line {
  explicit Line(const TlsServer& server, TicketKeys& tickets, SSL_CTX* context, SSL_SESSION* session = nullptr)
      : caller(SSL_new(context)) {
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    SSL_set_fd(caller.get(), fds[0]);
    SSL_set_connect_state(caller.get());
    if (session) SSL_set_session(caller.get(), session);
    ours = server.accept(fds[1], tickets);
  }
  ~Line() {
    SSL_set_shutdown(caller.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);  // or OpenSSL would forget its session
    ours->detach();
    ::close(fds[0]);
    ::close(fds[1]);
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// The gateway's verdict.
  TlsStep shake() {
    TlsStep step{Status::wants_read};
    for (int turn = 0; turn < 20 && step.waits(); ++turn) {
      ERR_clear_error();
      SSL_do_handshake(caller.get());
      step = ours->handshake();
    }
    // Alerts and tickets reach the caller.
    char byte = 0;
    std::size_t got = 0;
    ERR_clear_error();
    heard = SSL_read_ex(caller.get(), &byte, 1, &got) == 1 ? 0 : ERR_GET_REASON(ERR_peek_error());
    ERR_clear_error();
    return step;
  }

  int fds[2]{};
  SslPtr caller;
  std::unique_ptr<TlsStream> ours;
  int heard = 0;  // OpenSSL's reason of the alert that the caller got
};

struct Fixture {
  std::int64_t now = std::time(nullptr);
  TestCa ca{"Agents", now - 3600};
  tests::CertificateFiles files{TestCa("Gateway", now - 3600)};
  TicketKeys::Time clock{};
  TicketKeys tickets{[this] { return clock; }};

  std::shared_ptr<const TlsServer> server(bool asks = false) {
    TlsServerFiles from{files.certificate(), files.key(), {}};
    if (asks) {
      X509_up_ref(ca.certificate());
      from.authorities.emplace_back(ca.certificate());
    }
    auto loaded = TlsServer::load(from, now);
    REQUIRE(loaded);
    return *std::move(loaded);
  }
  static ContextPtr context(int version = TLS1_3_VERSION) {
    ContextPtr out(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_security_level(out.get(), 0);
    SSL_CTX_set_min_proto_version(out.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(out.get(), version);
    return out;
  }
  static ContextPtr with(const TestCa::Issued& issued, std::vector<const TestCa*> above = {}) {
    ContextPtr out = context();
    SSL_CTX_use_certificate(out.get(), issued.certificate.get());
    SSL_CTX_use_PrivateKey(out.get(), issued.key.get());
    for (const TestCa* one : above) SSL_CTX_add1_chain_cert(out.get(), one->certificate());
    return out;
  }
};

}  // namespace

TEST_CASE("TLS 1.3 and 1.2 are spoken, and nothing older") {
  Fixture t;
  const auto server = t.server();
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    const ContextPtr context = Fixture::context(version);
    Line line(*server, t.tickets, context.get());
    CHECK(line.shake().status == Status::done);
    CHECK(SSL_version(line.caller.get()) == version);
    CHECK(SSL_get_current_compression(line.caller.get()) == nullptr);
    CHECK_FALSE(line.ours->resumed());
    CHECK(line.ours->peer() == nullptr);
  }
  for (const int version : {TLS1_1_VERSION, TLS1_VERSION}) {
    const ContextPtr context = Fixture::context(version);
    Line line(*server, t.tickets, context.get());
    CHECK(line.shake().status == Status::failed);
    CHECK(line.heard == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
  }
}

TEST_CASE("of TLS 1.2 only forward secrecy with authenticated encryption is taken") {
  Fixture t;
  const auto server = t.server();
  for (const char* cipher : {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384",
                             "DHE-RSA-AES128-GCM-SHA256", "AECDH-AES128-SHA", "ECDHE-ECDSA-NULL-SHA"}) {
    const ContextPtr context = Fixture::context(TLS1_2_VERSION);
    CAPTURE(cipher);
    REQUIRE(SSL_CTX_set_cipher_list(context.get(), (std::string(cipher) + ":@SECLEVEL=0").c_str()) == 1);
    Line line(*server, t.tickets, context.get());
    CHECK(line.shake().status == Status::failed);
  }
}

TEST_CASE("of the protocols that a caller offers http/1.1 is chosen, and who offers others only is refused") {
  Fixture t;
  const auto server = t.server();
  const auto offer = [&](std::string_view protocols) {
    const ContextPtr context = Fixture::context();
    SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                            static_cast<unsigned>(protocols.size()));
    Line line(*server, t.tickets, context.get());
    if (line.shake().status != Status::done) return line.heard == SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL ? "refused" : "?";
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(line.caller.get(), &chosen, &size);
    return std::string_view(reinterpret_cast<const char*>(chosen), size) == "http/1.1" ? "http/1.1" : "none";
  };
  CHECK(offer("\x08http/1.1") == std::string_view("http/1.1"));
  CHECK(offer("\x02h2\x08http/1.1") == std::string_view("http/1.1"));
  CHECK(offer("\x02h2") == std::string_view("refused"));
  CHECK(offer("\x08HTTP/1.1\x03"
              "ftp") == std::string_view("refused"));
  CHECK(offer("") == std::string_view("none"));
}

TEST_CASE("a session is resumed with any context of this process, after a reload too, for two periods of its key") {
  Fixture t;
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    const auto old = t.server();
    const ContextPtr context = Fixture::context(version);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT);
    CAPTURE(version);
    const auto resumes = [&](const std::shared_ptr<const TlsServer>& server, SessionPtr& session) {
      Line line(*server, t.tickets, context.get(), session.get());
      REQUIRE(line.shake().status == Status::done);
      const bool resumed = line.ours->resumed();
      session.reset(SSL_get1_session(line.caller.get()));
      return resumed;
    };
    SessionPtr session;
    REQUIRE_FALSE(resumes(old, session));
    REQUIRE(SSL_SESSION_has_ticket(session.get()) == 1);
    CHECK(resumes(old, session));
    CHECK(resumes(old, session));
    CHECK(resumes(old, session));
    t.files.renew();
    const auto next = t.server();
    CHECK(resumes(next, session));
    SessionPtr first(SSL_SESSION_dup(session.get())), second(SSL_SESSION_dup(session.get()));
    t.clock += TicketKeys::kPeriod;
    CHECK(resumes(next, first));  // with the key before, and gets a ticket of the newest
    CHECK(resumes(next, first));
    t.clock += TicketKeys::kPeriod;
    CHECK_FALSE(resumes(next, second));
    t.clock += 2 * TicketKeys::kPeriod;
    CHECK_FALSE(resumes(next, first));
  }
}

TEST_CASE("a ticket that was changed anywhere, or is of another process, resumes nothing and breaks nothing") {
  Fixture t;
  const auto server = t.server();
  const ContextPtr context = Fixture::context(TLS1_2_VERSION);
  Line first(*server, t.tickets, context.get());
  REQUIRE(first.shake().status == Status::done);
  const SessionPtr session(SSL_get1_session(first.caller.get()));
  TicketKeys others;
  Line foreign(*server, others, context.get(), session.get());
  CHECK(foreign.shake().status == Status::done);
  CHECK_FALSE(foreign.ours->resumed());
  const unsigned char* ticket = nullptr;
  std::size_t size = 0;
  SSL_SESSION_get0_ticket(session.get(), &ticket, &size);
  REQUIRE(size > 64);
  auto* const bytes = const_cast<unsigned char*>(ticket);
  for (std::size_t at = 0; at < size; at += 7) {
    bytes[at] ^= 1;
    Line line(*server, t.tickets, context.get(), session.get());
    CHECK(line.shake().status == Status::done);
    CHECK_FALSE(line.ours->resumed());
    bytes[at] ^= 1;
  }
}

TEST_CASE("a client certificate of the CA is taken, directly or by one between that the caller shows") {
  Fixture t;
  const auto server = t.server(true);
  const TestCa below = t.ca.below("Team");
  const TestCa::Issued direct = t.ca.issued("URI:spiffe://example.org/agent"), by_team = below.issued("DNS:agent.example.org");
  {
    const ContextPtr context = Fixture::with(direct);
    Line line(*server, t.tickets, context.get());
    REQUIRE(line.shake().status == Status::done);
    REQUIRE(line.ours->peer());
    CHECK(line.ours->peer()->verified);
    CHECK(line.ours->peer()->der == TestCa::der_of(direct.certificate.get()));
    CHECK(line.ours->peer()->between.empty());
  }
  {
    const ContextPtr context = Fixture::with(by_team, {&below});
    Line line(*server, t.tickets, context.get());
    REQUIRE(line.shake().status == Status::done);
    CHECK(line.ours->peer()->between == std::vector{TestCa::der_of(below.certificate())});
  }
  {
    const ContextPtr context = Fixture::context();
    Line line(*server, t.tickets, context.get());
    CHECK(line.shake().status == Status::done);
    CHECK(line.ours->peer() == nullptr);
  }
}

TEST_CASE("a client certificate that does not hold ends the handshake, and its owner is not told why") {
  Fixture t;
  const auto server = t.server(true);
  const TestCa stranger("Agents", t.now - 3600), below = t.ca.below("Team");
  const std::vector<std::pair<TestCa::Issued, int>> bad{
      {stranger.issued("DNS:agent.example.org"), X509_V_ERR_CERT_SIGNATURE_FAILURE},
      {t.ca.issued("DNS:agent.example.org", "serverAuth"), X509_V_ERR_INVALID_PURPOSE},
      {t.ca.issued("DNS:agent.example.org", "clientAuth", 60), X509_V_ERR_CERT_HAS_EXPIRED},
      {below.issued("DNS:agent.example.org"), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
  };
  for (const auto& [issued, why] : bad) {
    CAPTURE(why);
    const ContextPtr context = Fixture::with(issued);
    Line line(*server, t.tickets, context.get());
    const TlsStep step = line.shake();
    REQUIRE(step.status == Status::failed);
    CHECK(end_of(step.error, false) == Handshakes::End::certificate);
    CHECK(std::error_code(step.error).value() == why);
    CHECK(line.heard == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE);
    CHECK(line.ours->peer() == nullptr);
  }
}

TEST_CASE("who has shown a certificate shows it again: no ticket spares that") {
  Fixture t;
  const auto server = t.server(true);
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    const ContextPtr context = Fixture::with(t.ca.issued("DNS:agent.example.org"));
    SSL_CTX_set_max_proto_version(context.get(), version);
    Line first(*server, t.tickets, context.get());
    REQUIRE(first.shake().status == Status::done);
    const SessionPtr session(SSL_get1_session(first.caller.get()));
    Line second(*server, t.tickets, context.get(), session.get());
    REQUIRE(second.shake().status == Status::done);
    CHECK_FALSE(second.ours->resumed());
    CHECK(second.ours->peer());
  }
}

TEST_CASE("what is no TLS fails at once") {
  Fixture t;
  const auto server = t.server();
  const ContextPtr context = Fixture::context();
  for (const std::string_view bytes :
       {"GET / HTTP/1.1\r\nhost: a\r\n\r\n", "\x16\x03\x01\xff\xff\x01", "\x80\x2e\x01\x03\x01"}) {
    Line line(*server, t.tickets, context.get());
    const std::string padded = std::string(bytes) + std::string(64, '\0');
    REQUIRE(::write(line.fds[0], padded.data(), padded.size()) > 0);
    CHECK(line.ours->handshake().status == Status::failed);
  }
}

TEST_CASE("certificates that cannot serve are refused when they are loaded, each with its reason") {
  Fixture t;
  const std::string cert = t.files.certificate(), key = t.files.key();
  const auto why = [](const auto& loaded) { return loaded ? std::string("loaded") : loaded.error().what; };
  using Catch::Matchers::Contains;
  CHECK_THAT(why(TlsServer::load({cert, key}, t.now + 400 * TestCa::kDay)), Contains("has expired"));
  CHECK_THAT(why(TlsServer::load({cert, key}, t.now - 2 * TestCa::kDay)), Contains("not valid yet"));
  const tests::CertificateFiles other{TestCa("Other", t.now - 3600)};
  CHECK_THAT(why(TlsServer::load({cert, other.key()}, t.now)), Contains("does not belong to the certificate"));
  CHECK_THAT(why(TlsServer::load({cert, "file://" + t.files.certificate()}, t.now)), Contains("key"));
  CHECK_THAT(why(TlsServer::load({t.files.path("absent.pem"), key}, t.now)), Contains("absent.pem"));
  const auto good = TlsServer::load({cert, key}, t.now);
  REQUIRE(good);
  CHECK((*good)->expires() == t.now - 3600 + 30 * TestCa::kDay);
}
