#include "gateway/admin_answers.hpp"

#include "gateway/deadline.hpp"
#include "gateway/log.hpp"
#include "gateway/self_client.hpp"
#include "gateway/services.hpp"
#include "policy/authn/authorization.hpp"
#include "policy/json.hpp"

namespace durward::gateway {

namespace {

AdminAnswer json_answer(unsigned status, std::string body) { return {status, "application/json", std::move(body) + '\n'}; }

std::string check(std::string_view name, bool good) {
  return "\"" + std::string(name) + "\":\"" + (good ? "ok" : "not ok") + "\"";
}

/// Which of the two it was is the operator's to know: a page that tries to get in learns only that it did not.
void log_refused(policy::Reason reason) {
  log::Line line;
  line.msg = "the admin listener refused a request";
  line.reason = policy::name(reason);
  line.detail = reason == policy::Reason::host_forbidden ? "its Host names neither admin.address nor a local name with the port"
                                                         : "its Origin is no page of this machine";
  log::refusal(line, log::Event::admin_refused);
}

/// Whether the request has an API key that is on file.
bool known(const AuthnMethods& methods, const Head& head) {
  const auto credential = authn::read_authorization(head.find("authorization"));
  if (!credential || credential->scheme != authn::Scheme::bearer) return false;
  using namespace std::chrono;
  const std::int64_t now = duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
  return static_cast<bool>(methods.api_key(credential->token, now));
}

}  // namespace

AdminAnswers::AdminAnswers(const config::Admin& settings, Services& services, std::vector<LoopView> loops)
    : settings_(settings), services_(services), loops_(std::move(loops)), metrics_(services, loops_) {}

void AdminAnswers::publish(std::shared_ptr<const Snapshot> now) {
  metrics_.publish(now);
  const std::lock_guard lock(mutex_);
  now_ = std::move(now);
}

AdminAnswer AdminAnswers::to(const Head& head, const Doorplate& door) const {
  const bool host_good = door.host_allowed(head.find("host"));
  if (!host_good || !door.origin_allowed(head.find("origin"))) {
    log_refused(host_good ? policy::Reason::origin_forbidden : policy::Reason::host_forbidden);
    return json_answer(403, R"({"error":"Host or Origin"})");
  }
  if (head.method != "GET" && head.method != "HEAD") return json_answer(405, R"({"error":"GET and HEAD only"})");
  const std::string_view path = head.target.substr(0, head.target.find('?'));
  if (path == "/livez") return livez(std::chrono::steady_clock::now());
  if (path == "/readyz") return readyz();
  // Nothing answers before the ledger is open and the loops run (Runtime opens the listener, and starts it last).
  if (path == "/startupz") return json_answer(200, R"({"status":"ok"})");
  if (path == "/metrics") return metrics_page(head);
  return json_answer(404, R"({"error":"no such path"})");
}

AdminAnswer AdminAnswers::metrics_page(const Head& head) const {
  const std::shared_ptr<const Snapshot> now = snapshot();
  const bool asked = now && !now->admin_authn->api_keys.empty();
  if (!settings_.metrics_open && !asked)
    return json_answer(403,
                       R"({"error":"metrics are closed: admin.authn says who may read them, admin.metrics_open opens them to )"
                       R"(whoever reaches this listener"})");
  if (!settings_.metrics_open && !known(*now->admin_authn, head))
    return json_answer(401, R"({"error":"authentication required"})");
  return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_.text()};
}

std::shared_ptr<const Snapshot> AdminAnswers::snapshot() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

AdminAnswer AdminAnswers::livez(std::chrono::steady_clock::time_point now) const {
  std::string stalled;
  for (std::size_t i = 0; i < loops_.size(); ++i)
    if (loops_[i].deadlines->lag(now) >= settings_.stall) stalled += (stalled.empty() ? "" : ",") + std::to_string(i);
  const bool good = stalled.empty();
  return json_answer(good ? 200 : 503, std::string(R"({"status":")") + (good ? "ok" : "stalled") + R"(","loops":)" +
                                           std::to_string(loops_.size()) + R"(,"stalled_loops":[)" + stalled + "]}");
}

AdminAnswer AdminAnswers::readyz() const {
  const std::shared_ptr<const Snapshot> now = snapshot();
  const bool config = now != nullptr;
  const bool ledger = services_.ledger.healthy();
  bool catalogue = false, keys = false;
  std::string missing, failing;
  if (now) {
    for (const auto& [name, server] : now->settings.servers) {
      const bool known =
          listed_per_caller(*now, server) || services_.catalogues.of(server).listing({}) != policy::Listing::unavailable;
      catalogue |= known;
      if (!known) missing += (missing.empty() ? "\"" : ",\"") + name + "\"";
    }
  }
  if (now) {
    keys = now->authn->issuers.empty();
    for (const AuthnMethods::JwtIssuer& one : now->authn->issuers) {
      const KeySource::Figures figures = one.keys->figures(std::chrono::steady_clock::now());
      keys |= figures.usable;
      if (!figures.usable || figures.failing) failing += (failing.empty() ? "" : ",") + json::quote(one.issuer.name());
    }
  }
  const bool good = config && ledger && catalogue && keys && !draining_;
  const bool whole = missing.empty() && failing.empty();
  const char* status = draining_ ? "draining" : !good ? "not ready" : whole ? "ok" : "degraded";
  return json_answer(good ? 200 : 503, std::string(R"({"status":")") + status + R"(","checks":{)" + check("config", config) +
                                           ',' + check("ledger", ledger) + ',' + check("catalogue", catalogue) + ',' +
                                           check("keys", keys) + R"(},"without_catalogue":[)" + missing +
                                           R"(],"without_fresh_keys":[)" + failing + "]}");
}

}  // namespace durward::gateway
