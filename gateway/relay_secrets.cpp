#include <algorithm>

#include "gateway/loop.hpp"
#include "gateway/relay.hpp"

/// The part of the relay that keeps our own secrets from coming back: a server that repeats what it was shown.
namespace durward::gateway {

using policy::Code;
using policy::Effect;

bool Relay::echoed(std::string_view json) const {
  std::vector<Edit> found;
  if (showing_.credential) showing_.credential->echo.find(json, found);
  for (const Call& call : calls_)
    for (const Brokered& one : call.secrets) one.secret->echo->find(json, found);
  return !found.empty();
}

bool Relay::holds_secret(std::string_view text) const {
  if (showing_.credential && showing_.credential->echo.in(text)) return true;
  return brokers_ && std::any_of(calls_.begin(), calls_.end(), [text](const Call& call) {
           return std::any_of(call.secrets.begin(), call.secrets.end(),
                              [text](const Brokered& one) { return one.secret->echo->in(text); });
         });
}

// One secret after the other: where two of them overlap, the second finds what the first has left.
std::string Relay::redacted(std::string json) {
  const auto without = [&json](const SecretEcho& echo) {
    std::vector<Edit> edits;
    echo.find(json, edits);
    if (!edits.empty()) json = apply(json, std::move(edits));
  };
  if (showing_.credential) without(showing_.credential->echo);
  for (const Call& call : calls_)
    for (const Brokered& one : call.secrets) without(*one.secret->echo);
  x_.loop.meters.redacted.add(1);
  return json;
}

// What the record of a call says of secrets: which was put where, and that one came back.
void Relay::add_notes(const Call& call, Closing& closing) const {
  for (const Brokered& one : call.secrets)
    closing.notes.push_back(policy::Finding{Code::secret_brokered, Effect::note, one.pointer, one.secret->name});
  if (echoed_) closing.notes.push_back(policy::Finding{Code::credential_echoed, Effect::note, {}, {}});
}

}  // namespace durward::gateway
