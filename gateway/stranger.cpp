#include "gateway/stranger.hpp"

#include "gateway/log.hpp"

namespace durward::gateway {

using policy::Reason;

namespace {

audit::Record refusal(Reason reason) {
  audit::Record record;
  record.type = audit::Type::refusal;
  record.ts_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  record.id = audit::new_ulid(record.ts_ms);
  record.verdict = policy::Verdict::deny;
  record.effect = audit::Effect::none;
  record.reason = policy::name(reason);
  return record;
}

}  // namespace

void refuse_connection(Services& services, const std::string& address) {
  services.ledger.refuse_anonymous(refusal(Reason::too_many_connections), address);
}

void refuse_certificate(Loop& loop, const config::Limits& limits, const std::string& address, const std::string& why) {
  const std::string_view fault = authn::name(authn::Defect::certificate_untrusted);
  loop.meters.authenticated(policy::AuthnMethod::mtls, fault);
  const quotas::Charge failure{address, quotas::Limit::per_minute(limits.authentication_failures)};
  loop.services.failed_authentications.take(failure, std::chrono::nanoseconds(Clock::now().time_since_epoch()).count());
  audit::Record record = refusal(Reason::unauthenticated);
  record.authn_method = policy::name(policy::AuthnMethod::mtls);
  record.fault = fault;
  log::Line line;
  line.msg = "a client certificate was refused in the handshake";
  line.entry = record.id;
  line.reason = policy::name(Reason::unauthenticated);
  line.detail = why;
  log::refusal(line, log::Event::certificate);
  loop.services.ledger.refuse_anonymous(record, address);
}

}  // namespace durward::gateway
