#include <algorithm>
#include <set>

#include "gateway/loop.hpp"
#include "gateway/refusal.hpp"
#include "gateway/relay.hpp"
#include "gateway/stages.hpp"

/// The part of the relay that judges what came and settles the entries that it answers.
namespace durward::gateway {

using audit::Effect;
using policy::Outcome;
using policy::Reason;
using policy::Violation;

// Looked at before any entry is closed: then either every call gets its answer, or none does.
bool Relay::answers_all(const std::vector<Incoming>& all) {
  std::set<const Call*> answered;
  for (const Incoming& incoming : all)
    if (incoming.kind == IncomingKind::result || incoming.kind == IncomingKind::error) answered.insert(find(incoming));
  return std::all_of(calls_.begin(), calls_.end(), [&answered](const Call& call) {
    return call.message->shape != Shape::request || answered.contains(&call);
  });
}

Relay::Call* Relay::find(const Incoming& incoming) {
  Call* only = nullptr;
  for (Call& call : calls_) {
    if (!call.message || call.message->shape != Shape::request) continue;
    if (incoming.id && same_id(incoming.id, call.message->id)) return &call;
    only = &call;
  }
  // An upstream that could not read the id answers without one: to a single request there is no doubt.
  return !incoming.id && incoming.kind == IncomingKind::error && calls_.size() == 1 ? only : nullptr;
}

// Judges every message of one JSON text. The result is the text to send, or nothing where nothing is left of it.
Task<Outcome<std::optional<std::string>>> Relay::settle(const json::Document& document, const std::vector<Incoming>& all,
                                                        bool many) {
  std::vector<Edit> edits;
  std::vector<bool> gone(all.size(), false);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Incoming& incoming = all[i];
    const bool answer = incoming.kind == IncomingKind::result || incoming.kind == IncomingKind::error;
    if (answer) {
      Call* call = find(incoming);
      const bool known = call && !call->answered();
      if (known || !calls_.front().message) {
        if (!known) call = nullptr;
        auto text = co_await settle_answer(incoming, call, edits);
        if (!text) co_return std::move(text).error();
        continue;
      }
      recorder_.note(x_, x_.entry_id, Reason::withheld, {});
      gone[i] = true;
      continue;
    }
    Judged judged = judge_unasked(incoming, era_);
    learn(judged);
    if (judged.what == Judged::Do::pass) continue;
    recorder_.note(x_, x_.entry_id, judged.reason, incoming.method);
    if (judged.what == Judged::Do::withhold) co_await answer_upstream(incoming);
    gone[i] = true;
  }
  std::optional<std::string> out;
  if (std::all_of(gone.begin(), gone.end(), [](bool one) { return one; })) co_return out;
  if (many) cut(document.root(), gone, edits);
  out = edits.empty() ? document.text() : apply(document.text(), std::move(edits));
  bytes_out_ += out->size();
  co_return out;
}

// One answer: judged, and its entry closed. call is null on a GET stream. The edits make the document what may pass.
Task<Outcome<std::string>> Relay::settle_answer(const Incoming& incoming, Call* call, std::vector<Edit>& edits) {
  const Message* request = call ? call->message : nullptr;
  if (request && request->method == "initialize") awaiting_initialize_ = false;
  if (request && request->method == "initialize" && era_ == Era::legacy && incoming.kind == IncomingKind::result) {
    auto agreed = negotiate(incoming);
    if (!agreed) co_return std::move(agreed).error();
  }
  Judged judged = judge_answer(incoming, request, x_);
  learn(judged);
  Closing closing;
  closing.upstream_status = static_cast<int>(upstream_.status());
  closing.effect = incoming.kind == IncomingKind::error ? Effect::error : Effect::completed;
  closing.result = incoming.kind == IncomingKind::error ? incoming.error.raw() : incoming.result.raw();
  closing.bytes_out = incoming.root.raw().size();
  std::string replaced;
  if (judged.what != Judged::Do::pass) {
    closing.reason = judged.reason;
    Refused refused(Violation(judged.reason, judged.detail));
    if (request) refused = refused_message(std::move(refused), *request);
    refused.id = incoming.id.raw();
    replaced = refuse(context_of(x_, refused)).body;
    edits.push_back(replace(incoming.root, replaced));
  } else {
    edits.insert(edits.end(), judged.edits.begin(), judged.edits.end());
  }
  if (call) {
    auto closed = co_await close(*call, std::move(closing));
    if (!closed) co_return std::move(closed).error();
  } else {
    auto written = co_await recorder_.resumed(x_, closing);
    if (!written) co_return std::move(written).error();
  }
  co_return replaced;
}

void Relay::learn(const Judged& judged) {
  Catalogue& catalogue = x_.services.catalogues.of(*x_.server);
  if (judged.list_changed) catalogue.stale();
  if (judged.tools_list) catalogue.learn(judged.tools_seen);
}

// The revision that both sides agreed on, and our own session id in place of the upstream's.
Outcome<void> Relay::negotiate(const Incoming& incoming) {
  const std::string revision = incoming.result.find("protocolVersion").string();
  if (!speaks_legacy(revision))
    return Violation(Reason::upstream_failed, "the upstream negotiated a revision that we do not speak");
  const std::string_view upstream_id = upstream_.head().find("mcp-session-id");
  if (upstream_id.empty()) return {};
  SessionState state;
  state.revision = revision;
  state.issued = x_.arrived_ms / 1000;
  state.principal = principal_hash(*x_.principal);
  state.upstream_id = upstream_id;
  TRY(std::string sealed, x_.services.sealer.seal(x_.server->name, state));
  session_id_ = std::move(sealed);
  return {};
}

}  // namespace durward::gateway
