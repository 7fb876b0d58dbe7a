#include "gateway/tls.hpp"

namespace durward::gateway {

using config::Diagnostic;
using config::Severity;

namespace {

/// Collects what is wrong with the files of one place in the configuration.
class Trouble {
 public:
  Trouble(std::string place, std::vector<Diagnostic>& all) : place_(std::move(place)), all_(all) {}
  void add(const TlsMistake& mistake, const config::ClientTls& settings) { add("ca", settings.ca, mistake.what); }

 private:
  void add(const char* key, const config::Located<std::string>& file, const std::string& what) {
    all_.push_back({Severity::error, file.where, place_ + "." + key + ": " + what});
  }
  const std::string place_;
  std::vector<Diagnostic>& all_;
};

std::shared_ptr<const TlsClient> load_client(const config::ClientTls& settings, std::string place, std::int64_t now,
                                             std::vector<Diagnostic>& diagnostics) {
  auto client = TlsClient::load({settings.ca.value, {}, {}}, now);
  if (client) return *std::move(client);
  Trouble(std::move(place), diagnostics).add(client.error(), settings);
  return nullptr;
}

}  // namespace

std::shared_ptr<const Tls> load_tls(const config::Settings& settings, std::int64_t now, std::vector<Diagnostic>& diagnostics) {
  auto tls = std::make_shared<Tls>();
  tls->egress = load_client(settings.tls, "tls", now, diagnostics);
  for (const auto& [name, server] : settings.servers) {
    if (server.endpoint.scheme != "https") continue;
    const bool own = !server.tls.ca.value.empty();
    const config::ClientTls& trust = own ? server.tls : settings.tls;
    if (!own && !tls->egress) continue;  // said already
    tls->servers.emplace(name, load_client(trust, "servers." + name + ".tls", now, diagnostics));
  }
  return tls;
}

}  // namespace durward::gateway
