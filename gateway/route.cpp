#include "gateway/route.hpp"

#include "gateway/downstream.hpp"
#include "gateway/loop.hpp"

namespace durward::gateway {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

namespace {
constexpr std::string_view kPrefix = "/mcp/";

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }
}  // namespace

Outcome<Routed, Refused> route(Exchange& x) {
  const Head& head = *x.head;
  if (!x.now->door.host_allowed(head.find("host")))
    return Refused(Violation(Reason::host_forbidden, "Host is not one of listen.hosts"));
  if (!x.now->door.origin_allowed(head.find("origin")))
    return Refused(Violation(Reason::origin_forbidden, "Origin is not one of listen.cors_origins"));
  const std::string_view path = path_of(head.target);
  if (!path.starts_with(kPrefix) || path.size() == kPrefix.size() || path.find('/', kPrefix.size()) != std::string_view::npos)
    return Refused(Violation(Reason::no_such_route, "the path is not /mcp/{server}"));
  return head.method == "OPTIONS" ? Routed::answer_preflight : Routed::serve;
}

Outcome<void, Refused> authenticate(Exchange& x) {
  // `authn: anonymous` holds on loopback listeners only (config/load). Credentials that a caller presents all the same are
  // neither checked nor forwarded.
  if (!x.now->settings.authn.anonymous) return Refused(Violation(Reason::unauthenticated, "no credential can be checked"));
  std::optional<policy::Principal>& anonymous = x.loop.anonymous;
  if (!anonymous || anonymous->tenant() != x.rules().tenant()) anonymous = policy::anonymous(x.rules().tenant());
  x.principal = anonymous;
  return {};
}

Outcome<void, Refused> serve_server(Exchange& x) {
  const std::string name(path_of(x.head->target).substr(kPrefix.size()));
  const auto found = x.now->settings.servers.find(name);
  if (found == x.now->settings.servers.end()) return Refused(Violation(Reason::no_such_route, "no such server"));
  x.server = &found->second;
  x.catalogue = &x.services.catalogues.of(*x.server);
  return {};
}

Task<Served> answer_preflight(Exchange& x) {
  Headers headers = x.ids();
  headers.add(x.now->door.preflight(x.head->find("origin"), x.head->find("access-control-request-headers")));
  co_await x.downstream->respond(204, headers, std::string_view());
  co_return Served();
}

}  // namespace durward::gateway
