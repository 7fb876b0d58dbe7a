#include "gateway/tls.hpp"

namespace durward::gateway {

using config::Diagnostic;
using config::Severity;
using Of = TlsMistake::Of;
using Text = config::Located<std::string>;

namespace {

/// Loads what one place in the configuration names, and says there what is wrong with its files.
class Loading {
 public:
  Loading(std::int64_t now, std::vector<Diagnostic>& all) : now_(now), all_(all) {}

  /// ca: where its trust is written, which need not be where its certificate is.
  std::shared_ptr<const TlsClient> client(const config::ClientTls& tls, const Text& ca, const std::string& place) {
    auto client = TlsClient::load({ca.value, tls.cert.value, tls.key.value}, now_);
    if (client) return *std::move(client);
    const Text& file = client.error().of == Of::ca ? ca : client.error().of == Of::key ? tls.key : tls.cert;
    refuse(file, place + name(client.error().of), client.error());
    return nullptr;
  }

  std::shared_ptr<const TlsServer> server(const config::ServerTls& tls, const std::string& place,
                                          std::vector<X509Ptr> callers = {}) {
    auto server = TlsServer::load({tls.cert.value, tls.key.value, std::move(callers)}, now_);
    if (server) return *std::move(server);
    refuse(server.error().of == Of::key ? tls.key : tls.cert, place + name(server.error().of), server.error());
    return nullptr;
  }

  /// Those of all CAs whose client certificates name callers.
  std::vector<X509Ptr> callers(const std::vector<config::MtlsAuthn>& methods) {
    std::vector<X509Ptr> out;
    for (const config::MtlsAuthn& mtls : methods) {
      auto some = read_authorities(mtls.client_ca.value);
      if (!some) refuse(mtls.client_ca, "mtls.client_ca", some.error());
      if (some) std::move(some->begin(), some->end(), std::back_inserter(out));
    }
    return out;
  }

 private:
  static const char* name(Of of) { return of == Of::ca ? "ca" : of == Of::key ? "key" : "cert"; }
  void refuse(const Text& where, const std::string& setting, const TlsMistake& mistake) {
    all_.push_back({Severity::error, where.where, setting + ": " + mistake.what});
  }
  const std::int64_t now_;
  std::vector<Diagnostic>& all_;
};

}  // namespace

std::shared_ptr<const Tls> load_tls(const config::Settings& settings, std::int64_t now, std::vector<Diagnostic>& diagnostics) {
  Loading loading(now, diagnostics);
  auto tls = std::make_shared<Tls>();
  tls->egress = loading.client(settings.tls, settings.tls.ca, "tls.");
  for (const auto& [name, server] : settings.servers) {
    if (server.endpoint.scheme != "https") continue;
    const bool own = !server.tls.ca.value.empty();
    if (!own && !tls->egress) continue;  // said already
    tls->servers.emplace(name, loading.client(server.tls, own ? server.tls.ca : settings.tls.ca, "servers." + name + ".tls."));
  }
  if (settings.listen.tls.given())
    tls->listen = loading.server(settings.listen.tls, "listen.tls.", loading.callers(settings.authn.mtls));
  if (settings.admin.tls.given()) tls->admin = loading.server(settings.admin.tls, "admin.tls.");
  return tls;
}

}  // namespace durward::gateway
