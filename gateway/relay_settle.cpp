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
  if (calls_.size() == 1 && all.size() == 1) {
    const bool answer = all[0].kind == IncomingKind::result || all[0].kind == IncomingKind::error;
    return calls_[0].message->shape != Shape::request || (answer && find(all[0]) == &calls_[0]);
  }
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

// Judges every message of one JSON text, and closes the entries that it answers.
Soon<Outcome<Relay::Settled>> Relay::settle(const json::Document& document, const std::vector<Incoming>& all, bool many) {
  echoed_ = secret() && echoed(document.text());
  const bool one = all.size() == 1 && !many && calls_.size() == 1;
  const bool answer = one && (all[0].kind == IncomingKind::result || all[0].kind == IncomingKind::error);
  Call* call = answer ? find(all[0]) : nullptr;
  if (!call || call->answered()) return settle_all(document, all, many);
  // One answer to one call, as nearly all are.
  Closing closing;
  std::vector<Edit> edits;
  if (auto judged = judge(all[0], call->message, closing, edits); !judged) return std::move(judged).error();
  auto closed = close(*call, closing);
  if (!closed.here()) return settle_when(std::move(closed), document, std::move(edits));
  if (auto done = closed.take(); !done) return std::move(done).error();
  return settled(document, std::move(edits));
}

Task<Outcome<Relay::Settled>> Relay::settle_when(Soon<Outcome<void>> closing, const json::Document& document,
                                                 std::vector<Edit> edits) {
  auto closed = co_await closing.later();
  if (!closed) co_return std::move(closed).error();
  co_return settled(document, std::move(edits));
}

// The text, as it leaves.
Relay::Settled Relay::settled(const json::Document& document, std::vector<Edit> edits) {
  Settled out;
  if (!edits.empty()) out.edited = apply(document.text(), std::move(edits));
  if (echoed_) out.edited = redacted(out.edited ? *std::move(out.edited) : document.text());
  bytes_out_ += out.edited ? out.edited->size() : document.text().size();
  return out;
}

Task<Outcome<Relay::Settled>> Relay::settle_all(const json::Document& document, const std::vector<Incoming>& all, bool many) {
  std::vector<Edit> edits;
  std::vector<bool> gone(all.size(), false);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Incoming& incoming = all[i];
    const bool answer = incoming.kind == IncomingKind::result || incoming.kind == IncomingKind::error;
    if (answer) {
      Call* call = find(incoming);
      const bool known = call && !call->answered();
      if (!known && calls_.front().message) {
        recorder_.note(x_, x_.entry_id, Reason::withheld, {});
        gone[i] = true;
        continue;
      }
      Closing closing;
      auto judged = judge(incoming, known ? call->message : nullptr, closing, edits);
      if (!judged) co_return std::move(judged).error();
      Outcome<void> closed;
      if (known) {
        CO_SOON(closed, close(*call, closing));
      } else {
        closed = co_await recorder_.resumed(x_, closing);
      }
      if (!closed) co_return std::move(closed).error();
      continue;
    }
    Judged judged = judge_unasked(incoming, era_);
    learn(judged);
    if (judged.what == Judged::Do::pass) continue;
    recorder_.note(x_, x_.entry_id, judged.reason, incoming.method);
    if (judged.what == Judged::Do::withhold) co_await answer_upstream(incoming);
    gone[i] = true;
  }
  Settled nothing;
  nothing.nothing = std::all_of(gone.begin(), gone.end(), [](bool one) { return one; });
  if (nothing.nothing) co_return nothing;
  if (many) cut(document.root(), gone, edits);
  co_return settled(document, std::move(edits));
}

// One answer: what its record says, and the edits that make the document what may pass. request is null on a GET stream.
Outcome<void> Relay::judge(const Incoming& incoming, const Message* request, Closing& closing, std::vector<Edit>& edits) {
  if (request && request->method == "initialize") awaiting_initialize_ = false;
  if (request && request->method == "initialize" && era_ == Era::legacy && incoming.kind == IncomingKind::result) {
    if (auto agreed = negotiate(incoming); !agreed) return agreed;
  }
  Judged judged = judge_answer(incoming, request, x_);
  learn(judged);
  closing.upstream_status = static_cast<int>(upstream_.status());
  closing.effect = incoming.kind == IncomingKind::error ? Effect::error : Effect::completed;
  closing.result = incoming.kind == IncomingKind::error ? incoming.error.raw() : incoming.result.raw();
  closing.bytes_out = incoming.root.raw().size();
  if (judged.what == Judged::Do::pass) {
    edits.insert(edits.end(), std::make_move_iterator(judged.edits.begin()), std::make_move_iterator(judged.edits.end()));
    return {};
  }
  closing.reason = judged.reason;
  Refused refused(Violation(judged.reason, judged.detail));
  if (request) refused = refused_message(std::move(refused), *request);
  refused.id = incoming.id.raw();
  edits.push_back(replace(incoming.root, refuse(context_of(x_, refused)).body));
  return {};
}

void Relay::learn(const Judged& judged) {
  if (judged.list_changed) x_.catalogue->stale();
  if (!judged.tools_list) return;
  std::vector<Seen> seen = judged.tools_seen;
  // Names become labels and stand in records: no secret of ours does.
  if (secret()) std::erase_if(seen, [this](const Seen& tool) { return holds_secret(tool.name); });
  x_.catalogue->learn(seen, x_.limits().tools);
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
  state.principal = x_.principal->hash();
  state.upstream_id = upstream_id;
  TRY(std::string sealed, x_.services.sealer.seal(x_.server->name, state));
  session_id_ = std::move(sealed);
  return {};
}

}  // namespace durward::gateway
