#include "config/check_authn.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace durward::config {
namespace {

bool any_tenant(const std::vector<Located<std::string>>& tenants) { return tenants.size() == 1 && tenants[0].value == "*"; }

// Where two may speak, each says for whom: otherwise either could name the other's tenant.
void check_tenants(const Tenants& tenants, const Position& where, bool required, std::string_view method, Report& report) {
  if (!tenants) {
    if (required)
      report.error(where, fmt::format("{}.tenants is missing: where several may assert tenants, each lists its own, or [\"*\"]",
                                      method));
    return;
  }
  if (tenants->empty()) report.error(where, fmt::format("{}.tenants is empty: it could assert no tenant at all", method));
  std::set<std::string_view> seen;
  for (const Located<std::string>& tenant : *tenants) {
    if (tenant.value == "*" && tenants->size() > 1)
      report.error(tenant.where, fmt::format("{}.tenants must hold \"*\" alone, or not at all", method));
    if (!seen.insert(tenant.value).second)
      report.error(tenant.where, fmt::format("{}.tenants names {} twice", method, quote(tenant.value)));
  }
}

bool may_assert(const Tenants& tenants, const std::string& tenant) {
  return !tenants || any_tenant(*tenants) ||
         std::any_of(tenants->begin(), tenants->end(), [&](const auto& one) { return one.value == tenant; });
}

void check_mtls(const MtlsAuthn& mtls, Report& report) {
  for (const auto& [glob, tenant] : mtls.names) {
    if (!may_assert(mtls.tenants, tenant.value))
      report.error(tenant.where, fmt::format("mtls.names maps to {}, which is not one of mtls.tenants", quote(tenant.value)));
  }
  const bool open = mtls.tenants && (mtls.tenants->size() > 1 || any_tenant(*mtls.tenants));
  if (open && mtls.names.empty())
    report.error(mtls.where, "mtls.names is missing: with more than one tenant, it says whose is which");
}

void check_methods(const Authn& authn, bool tenants, Report& report) {
  std::set<std::string_view> issuers, files;
  for (const JwtAuthn& jwt : authn.jwt) {
    check_tenants(jwt.tenants, jwt.where, tenants, "jwt", report);
    if (!jwt.issuer.value.empty() && !issuers.insert(jwt.issuer.value).second)
      report.error(jwt.issuer.where, "jwt.issuer stands in authn already: one item says all of an issuer");
  }
  for (const ApiKeyAuthn& keys : authn.api_key) {
    check_tenants(keys.tenants, keys.where, tenants, "api_key", report);
    if (!keys.file.value.empty() && !files.insert(keys.file.value).second)
      report.error(keys.file.where, "api_key.file stands in authn already");
  }
  for (const MtlsAuthn& mtls : authn.mtls) {
    check_tenants(mtls.tenants, mtls.where, tenants, "mtls", report);
    check_mtls(mtls, report);
  }
}

// The proofs that were used are remembered by one process. A replica would take each of them once more.
void check_dpop(const Settings& settings, Report& report) {
  for (const JwtAuthn& jwt : settings.authn.jwt) {
    if (jwt.dpop_required && !jwt.dpop)
      report.error(jwt.where, "jwt.dpop_required needs jwt.dpop: no token at all would be good");
    else if (jwt.dpop && settings.replicas > 1)
      report.error(jwt.where,
                   fmt::format("jwt.dpop must be false with {} replicas: each remembers the proofs that it has seen, "
                               "and would take those of the others again",
                               settings.replicas));
  }
}

// A caller that nobody asks has no scopes: such a server would serve no one.
void check_scopes(const Server& server, Report& report) {
  const Located<std::string>* first = server.scopes.empty() ? nullptr : &server.scopes.front();
  for (const ToolSetting& tool : server.tools)
    if (first == nullptr && !tool.scopes.empty()) first = &tool.scopes.front();
  if (first != nullptr)
    report.error(first->where,
                 fmt::format("servers.{}: scopes need callers that have some, and `authn: anonymous` has none", server.name));
}

}  // namespace

void check_authn(const Settings& settings, Report& report) {
  const Authn& authn = settings.authn;
  check_methods(authn, authn.methods() > 1, report);
  check_methods(settings.admin.authn, false, report);
  check_dpop(settings, report);
  if (!authn.jwt.empty() && settings.listen.public_url.value.empty())
    report.error(authn.jwt.front().where,
                 "listen.public_url is missing: tokens are for the address under which agents reach the gateway, such as "
                 "https://gateway.example.com");
  if (!authn.anonymous) return;
  for (const auto& [name, server] : settings.servers) check_scopes(server, report);
}

}  // namespace durward::config
