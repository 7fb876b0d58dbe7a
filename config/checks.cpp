#include "config/checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/check_authn.hpp"
#include "config/check_credentials.hpp"
#include "config/forms.hpp"
#include "config/named_secrets.hpp"

namespace durward::config {
namespace {

constexpr std::string_view kFile = "file://";
constexpr std::string_view kCredentials = "file://${CREDENTIALS_DIRECTORY}/";

// Dot segments stay: with symlinks, a/../b need not be b.
std::string resolve(std::string_view path, const std::string& base_dir) {
  if (path.substr(0, 1) == "/") return std::string(path);
  while (path.substr(0, 2) == "./") path.remove_prefix(2);
  return fmt::format("{}{}{}", base_dir, base_dir == "/" ? "" : "/", path);
}

void resolve_ref(std::string& ref, const std::string& base_dir) {
  const std::string_view view = ref;
  if (view.substr(0, kFile.size()) != kFile || view.substr(0, kCredentials.size()) == kCredentials) return;
  ref = std::string(kFile) + resolve(view.substr(kFile.size()), base_dir);
}

// Beyond loopback what passes must not be readable, unless somebody has said that it may be.
void check_secrecy(const Settings& settings, Report& report) {
  const Listen& listen = settings.listen;
  const Position where = report.where("listen.insecure_plaintext");
  if (listen.tls.given() && listen.insecure_plaintext)
    report.error(where, "listen.insecure_plaintext has no use beside listen.tls");
  const bool beyond = !is_loopback(listen.address.value) && !settings.authn.anonymous;  // which does not go there at all
  if (beyond && !listen.tls.given() && !listen.insecure_plaintext)
    report.error(
        report.where("listen.address"),
        fmt::format("listen.tls is missing: {} is beyond loopback, where others could read along; name cert and key, or "
                    "write insecure_plaintext: true where something before the gateway has TLS",
                    quote(listen.address.value)));
  if (listen.tls.given() && listen.public_url.value.starts_with("http://"))
    report.error(listen.public_url.where, "listen.public_url must begin with https://, since the listener has TLS");
  if (!listen.tls.given() && !settings.authn.mtls.empty())
    report.error(settings.authn.mtls.front().where,
                 "listen.tls is missing: without it nobody can show a client certificate, as mtls needs");
}

void check_admin(const Admin& admin, Report& report) {
  if (is_loopback(admin.address.value)) return;
  const Position where = report.where("admin.address");
  if (!admin.tls.given() || admin.authn.methods() == 0)
    report.error(where,
                 fmt::format("admin.address must be loopback (127.0.0.0/8 or ::1) without admin.tls and admin.authn, found {}",
                             quote(admin.address.value)));
  if (admin.metrics_open) report.error(report.where("admin.metrics_open"), "admin.metrics_open must be false beyond loopback");
}

void check_listeners(const Settings& settings, Report& report) {
  const Listen& listen = settings.listen;
  if (settings.authn.anonymous && !is_loopback(listen.address.value)) {
    report.error(report.where("listen.address"), fmt::format("listen.address must be loopback (127.0.0.0/8 or ::1): "
                                                             "`authn: anonymous` would serve the network, found {}",
                                                             quote(listen.address.value)));
  }
  check_secrecy(settings, report);
  const Admin& admin = settings.admin;
  check_admin(admin, report);
  if (admin.port != 0 && admin.port == listen.port) {
    // Where admin.port is the default, listen.port is the one written.
    const Position where = report.where("admin.port");
    report.error(where.line > 0 ? where : report.where("listen.port"),
                 fmt::format("admin.port must not be listen.port, found {} for both", admin.port));
  }
}

void check_tls(const Server& server, Report& report) {
  const ClientTls& tls = server.tls;
  if (tls.cert.value.empty() != tls.key.value.empty())
    report.error(tls.cert.value.empty() ? tls.key.where : tls.cert.where,
                 fmt::format("servers.{}.tls.cert and .key belong together: name both", server.name));
  if (server.endpoint.scheme != "http") return;
  for (const auto& [key, one] : {std::pair{"ca", &tls.ca}, std::pair{"cert", &tls.cert}})
    if (!one->value.empty())
      report.error(one->where, fmt::format("servers.{}.tls.{} has no use: the server's url is http://", server.name, key));
}

void check_tools(const Server& server, Report& report) {
  const ToolSetting* all = nullptr;
  for (const ToolSetting& tool : server.tools) {
    if (all != nullptr) {
      report.error(tool.pattern.where, fmt::format("servers.{}.tools: {} never matches, because * stands above it on line {}",
                                                   server.name, quote(tool.pattern.value), all->pattern.where.line));
    } else if (tool.pattern.value == "*") {
      all = &tool;
    }
  }
}

}  // namespace

void check(const Settings& settings, Report& report) {
  check_listeners(settings, report);
  check_authn(settings, report);
  check_credentials(settings, report);
  for (const auto& [name, server] : settings.servers) {
    check_tls(server, report);
    check_tools(server, report);
  }
  const Limits& limits = settings.limits;
  const std::uint64_t most = std::max({limits.body_bytes.count, limits.answer_bytes.count, limits.event_bytes.count});
  if (limits.buffered_bytes.count < most) {
    report.warning(report.where("limits.buffered_bytes"),
                   fmt::format("limits.buffered_bytes ({}) is less than one body, answer or event may have ({})",
                               written(limits.buffered_bytes.count, Unit::bytes), written(most, Unit::bytes)));
  }
}

void settle_paths(Settings& settings, const std::string& base_dir, Report& report) {
  for (auto* names : {&settings.listen.hosts, &settings.listen.cors_origins, &settings.admin.hosts}) {
    for (Located<std::string>& name : *names) name.value = lower(name.value);
  }
  Ledger& ledger = settings.ledger;
  for (JwtAuthn& jwt : settings.authn.jwt) resolve_ref(jwt.jwks.value, base_dir);
  for (Authn* authn : {&settings.authn, &settings.admin.authn}) {
    for (ApiKeyAuthn& keys : authn->api_key) keys.file.value = resolve(keys.file.value, base_dir);
    for (MtlsAuthn& mtls : authn->mtls) mtls.client_ca.value = resolve(mtls.client_ca.value, base_dir);
  }
  settings.policy.value = resolve(settings.policy.value, base_dir);
  const auto settle = [&](Located<std::string>& file) {
    if (!file.value.empty()) file.value = resolve(file.value, base_dir);
  };
  settle(settings.tls.ca);
  for (ServerTls* tls : {&settings.listen.tls, &settings.admin.tls}) settle(tls->cert);
  for (auto& [name, server] : settings.servers) {
    settle(server.tls.ca);
    settle(server.tls.cert);
  }
  ledger.dir.value = resolve(ledger.dir.value, base_dir);
  each_named_secret(settings, [&](const std::string&, Located<std::string>& ref) { resolve_ref(ref.value, base_dir); });
  // A key_ref that is still to come from the policy brings its keyring with it.
  if (!ledger.key_ref.value.empty() && report.where("ledger.keyring").line == 0) place_keyring(ledger, report);
}

void settle_paths(PolicySettings& policy, const std::string& base_dir) { resolve_ref(policy.key_ref.value, base_dir); }

void place_keyring(Ledger& ledger, Report& report) {
  if (!ledger.keyring.value.empty()) return;
  if (ledger.key_ref.value.rfind(kFile, 0) == 0) {
    ledger.keyring = {ledger.key_ref.value.substr(0, ledger.key_ref.value.rfind('/')) + "/keyring.json", ledger.key_ref.where};
  } else {
    report.error(ledger.key_ref.where, "ledger.keyring is missing: a key_ref of env:// has no place beside which it could be");
  }
}

void expand_credentials(Settings& settings, const char* directory, Report& report) {
  each_named_secret(settings, [&](const std::string&, Located<std::string>& ref) {
    if (ref.value.rfind(kCredentials, 0) != 0) return;
    if (directory == nullptr || directory[0] != '/') {
      report.warning(ref.where, "CREDENTIALS_DIRECTORY is not set: this can be read only where systemd starts the gateway");
    } else {
      ref.value = fmt::format("{}{}/{}", kFile, directory, ref.value.substr(kCredentials.size()));
    }
  });
}

}  // namespace durward::config
