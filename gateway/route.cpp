#include "gateway/route.hpp"

#include <algorithm>

#include "config/forms.hpp"
#include "gateway/downstream.hpp"
#include "gateway/loop.hpp"

namespace durward::gateway {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

namespace {

constexpr std::string_view kPrefix = "/mcp/";

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

bool names_server(std::string_view name) { return config::kServerName.check(name).empty(); }

// The server whose metadata is asked for; empty: that of the root, where there is only one.
std::optional<std::string_view> metadata_of(std::string_view path) {
  if (!path.starts_with(kMetadataPath)) return std::nullopt;
  path.remove_prefix(kMetadataPath.size());
  if (path.empty()) return path;
  if (!path.starts_with(kPrefix) || !names_server(path.substr(kPrefix.size()))) return std::nullopt;
  return path.substr(kPrefix.size());
}

}  // namespace

Outcome<Routed, Refused> route(Exchange& x) {
  const Head& head = *x.head;
  if (!x.now->door.host_allowed(head.find("host")))
    return Refused(Violation(Reason::host_forbidden, "Host is not one of listen.hosts"));
  if (!x.now->door.origin_allowed(head.find("origin")))
    return Refused(Violation(Reason::origin_forbidden, "Origin is not one of listen.cors_origins"));
  const std::string_view path = path_of(head.target);
  const auto metadata = metadata_of(path);
  if (metadata) {
    x.asked_server = *metadata;
  } else if (path.starts_with(kPrefix) && names_server(path.substr(kPrefix.size()))) {
    x.asked_server = path.substr(kPrefix.size());
  } else {
    return Refused(Violation(Reason::no_such_route, "the path is not /mcp/{server}"));
  }
  if (head.method == "OPTIONS") return Routed::answer_preflight;
  return metadata ? Routed::tell_metadata : Routed::serve;
}

Outcome<std::optional<Authenticator::Wait>, Refused> authenticate(Exchange& x, bool waited) {
  using Known = std::optional<Authenticator::Wait>;
  if (x.now->authn->anonymous) {
    // Holds on loopback listeners only (config/load). Credentials that a caller presents all the same are neither checked nor
    // forwarded.
    x.principal = x.loop.authenticator.anonymous(x.rules().tenant());
    return Known();
  }
  const std::string resource = x.now->resources->resource(x.asked_server);
  const Asking asking{*x.head, resource, x.address, x.certificate};
  const Instant now{x.arrived, x.arrived_ms / 1000};
  const Authenticator::Limits limits{x.limits().authentication_failures, x.limits().tokens};
  Authenticator::Verdict verdict = x.loop.authenticator.check(x.now->authn, limits, asking, now, waited);
  if (auto* who = std::get_if<policy::Principal>(&verdict)) {
    x.principal = std::move(*who);
    x.loop.meters.authenticated(x.principal->method(), {});
    return Known();
  }
  if (auto* wait = std::get_if<Authenticator::Wait>(&verdict)) return Known(std::move(*wait));
  const Unproven& unproven = std::get<Unproven>(verdict);
  x.tried = unproven.tried;
  x.fault = unproven.cause.name();
  x.loop.meters.authenticated(unproven.tried, x.fault);
  Refused refused(Violation(unproven.reason, std::string(x.fault)));
  if (unproven.reason == Reason::unauthenticated)
    refused.challenge = x.now->resources->challenge(x.asked_server, {unproven.presented, unproven.dpop});
  return refused;
}

Outcome<void, Refused> serve_server(Exchange& x) {
  const auto found = x.now->settings.servers.find(std::string(x.asked_server));
  if (found == x.now->settings.servers.end()) return Refused(Violation(Reason::no_such_route, "no such server"));
  x.server = &found->second;
  x.catalogue = &x.services.catalogues.of(*x.server);
  return {};
}

Outcome<void, Refused> check_scopes(const Exchange& x, std::string_view tool) {
  if (x.server->scopes.empty() && tool.empty()) return {};
  const std::vector<std::string_view> needed = x.now->resources->scopes(*x.server, tool);
  const std::vector<std::string>& held = x.principal->scopes();
  const bool enough = std::all_of(needed.begin(), needed.end(), [&held](std::string_view scope) {
    return std::find(held.begin(), held.end(), scope) != held.end();
  });
  if (enough) return {};
  Refused refused(Violation(Reason::insufficient_scope, "a scope is missing"));
  refused.challenge = step_up(x, needed);
  return refused;
}

std::string step_up(const Exchange& x, const std::vector<std::string_view>& scopes) {
  const bool dpop = starts_with_name(x.head->find("authorization"), "dpop ");
  return x.now->resources->step_up(x.server->name, dpop, scopes);
}

Task<Served> answer_preflight(Exchange& x) {
  Headers headers = x.ids();
  headers.add(x.now->door.preflight(x.head->find("origin"), x.head->find("access-control-request-headers")));
  CO_DONE(x.downstream->respond(204, headers, std::string_view()));
  co_return Served();
}

Task<Served> tell_metadata(Exchange& x) {
  if (x.head->method != "GET" && x.head->method != "HEAD") {
    Refused refused(Violation(Reason::http_method_not_allowed, "metadata is read by GET"));
    refused.allow = "GET, HEAD";
    co_return refused;
  }
  const ProtectedResources& resources = *x.now->resources;
  std::string body;
  const std::string_view server = x.asked_server.empty() ? resources.only() : x.asked_server;
  if (!server.empty()) body = resources.metadata(server);
  if (body.empty()) co_return Refused(Violation(Reason::no_such_route, "there is no metadata"));
  Headers headers = x.headers();
  headers.add("content-type", "application/json");
  headers.add("cache-control", "max-age=300");
  CO_DONE(x.downstream->respond(200, headers, body));
  co_return Served();
}

}  // namespace durward::gateway
