#include "gateway/envelope.hpp"
#include "gateway/message.hpp"

// What comes from upstream. Its half of message.hpp.
namespace durward::gateway {
namespace {

using json::Kind;
using policy::Outcome;
using policy::Reason;
using policy::Violation;

IncomingKind kind_of(const Envelope& envelope) {
  if (envelope.result) return IncomingKind::result;
  if (envelope.error) return IncomingKind::error;
  return envelope.id ? IncomingKind::request : IncomingKind::notification;
}

}  // namespace

Outcome<Incoming> read_incoming(json::Value value) {
  auto envelope = read_envelope(value, true);
  if (!envelope) return Violation(Reason::upstream_failed, "upstream sent " + std::move(envelope).error());
  if (has_result_variant(envelope->result))
    return Violation(Reason::upstream_failed, "a member of the result in the wrong case");
  const IncomingKind kind = kind_of(*envelope);
  return Incoming{kind, value, envelope->id, envelope->params, envelope->result, envelope->error, std::move(envelope->method)};
}

Outcome<std::vector<Incoming>> read_incoming_batch(json::Value value, unsigned max) {
  std::vector<Incoming> all;
  if (!value.is(Kind::array)) {
    TRY(Incoming one, read_incoming(value));
    all.push_back(std::move(one));
    return all;
  }
  if (value.size() == 0 || value.size() > max)
    return Violation(Reason::upstream_failed, "upstream sent an empty or oversized batch");
  for (const json::Value element : value.elements()) {
    TRY(Incoming one, read_incoming(element));
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace durward::gateway
