#include "quotas/claiming.hpp"

#include <algorithm>
#include <utility>

namespace durward::quotas {
namespace {

using Kind = Claimed::Kind;

void forget_expired(Slot& slot, std::int64_t now_ms) {
  if (slot && now_ms >= slot->expires) slot.reset();
}

bool matches(const Kept& kept, const Claim& claim) {
  return std::any_of(claim.fingerprints.begin(), claim.fingerprints.end(),
                     [&](const Fingerprint& each) { return each.key_id == kept.key_id && each.digest == kept.digest; });
}

/// The present attempt has had no effect: what was there before it is there again. False: nothing was.
bool fall_back(Kept& kept) {
  kept.lease = 0;
  kept.pending.clear();
  kept.sent_entry.clear();
  if (kept.doubt) {
    kept.state = State::unknown;
    kept.doubt = false;
    return true;
  }
  if (kept.round == 1) return false;
  kept.state = State::open;
  --kept.round;
  return true;
}

void lose(Kept& kept) {
  kept.state = State::unknown;
  kept.lease = 0;
  if (!kept.sent_entry.empty()) kept.entry = std::exchange(kept.sent_entry, {});
}

Claimed answer(Kind kind, const Kept& kept) {
  Claimed out;
  out.kind = kind;
  out.fence = kept.fence;
  out.round = kept.round;
  const bool told = kind == Kind::open || kind == Kind::done || kind == Kind::unknown;
  if (told) out.entry = kept.entry;
  if (kind == Kind::open || kind == Kind::done) out.result = kept.result;
  return out;
}

Claimed hold(Kept& kept, const Claim& claim, std::int64_t now_ms) {
  kept.state = State::claimed;
  kept.token = claim.token;
  kept.pending = claim.answer;
  kept.lease = now_ms + claim.lease.count();
  kept.expires = now_ms + claim.ttl.count();
  return answer(Kind::fresh, kept);
}

Claimed hold_again(Kept& kept, const Claim& claim, std::int64_t now_ms) {
  ++kept.fence;
  return hold(kept, claim, now_ms);
}

Claimed answer_question(Kept& kept, const Claim& claim, std::int64_t now_ms) {
  if (claim.answer.empty() || claim.answer == kept.consumed) return answer(Kind::open, kept);
  if (claim.state != kept.asked) return answer(Kind::wrong_state, kept);
  if (kept.round >= claim.rounds_max) return answer(Kind::too_many_rounds, kept);
  ++kept.round;
  return hold_again(kept, claim, now_ms);
}

bool leads_to(State from, State to) {
  const bool settles = to == State::open || to == State::done;
  switch (from) {
    case State::claimed:
      return to == State::sent;
    case State::sent:
      return settles || to == State::unknown;
    case State::unknown:
      return settles;
    case State::open:
    case State::done:
      break;
  }
  return false;
}

bool holds(const Kept& kept, const std::string& token, std::uint64_t fence) {
  return kept.token == token && kept.fence == fence;
}

void settle(Kept& kept, State to, const std::string& result) {
  kept.state = to;
  kept.lease = 0;
  kept.doubt = false;
  kept.consumed = std::exchange(kept.pending, {});
  if (!kept.sent_entry.empty()) kept.entry = std::exchange(kept.sent_entry, {});
  kept.result = result;
}

}  // namespace

Slot without_attempt(Kept kept) { return fall_back(kept) ? Slot(std::move(kept)) : std::nullopt; }

Claimed claim(Slot& slot, const Claim& claim, std::int64_t now_ms) {
  forget_expired(slot, now_ms);
  if (!slot) {
    Kept& kept = slot.emplace();
    kept.key_id = claim.fingerprints.front().key_id;
    kept.digest = claim.fingerprints.front().digest;
    return hold(kept, claim, now_ms);
  }
  Kept& kept = *slot;
  if (!matches(kept, claim)) return answer(Kind::mismatch, kept);
  const bool under_way = kept.state == State::claimed || kept.state == State::sent;
  if (under_way && kept.lease > now_ms) {
    Claimed out = answer(Kind::in_flight, kept);
    out.retry_after = milliseconds(kept.lease - now_ms);
    return out;
  }
  if (kept.state == State::sent) lose(kept);
  if (kept.state == State::claimed && !fall_back(kept)) return hold_again(kept, claim, now_ms);
  if (kept.state == State::done) return answer(Kind::done, kept);
  if (kept.state == State::open) return answer_question(kept, claim, now_ms);
  if (!claim.repeatable) return answer(Kind::unknown, kept);
  kept.doubt = true;
  return hold_again(kept, claim, now_ms);
}

Moved move(Slot& slot, const Move& move, std::int64_t now_ms) {
  forget_expired(slot, now_ms);
  if (!slot || !holds(*slot, move.token, move.fence)) return Moved::fenced;
  if (!leads_to(slot->state, move.to)) return Moved::refused;
  Kept& kept = *slot;
  kept.expires = now_ms + move.ttl.count();
  if (move.to == State::sent) {
    kept.state = State::sent;
    kept.lease = now_ms + move.lease.count();
    kept.sent_entry = move.entry;
  } else if (move.to == State::unknown) {
    lose(kept);
  } else {
    settle(kept, move.to, move.result);
    kept.asked = move.to == State::open ? move.state : std::string();
  }
  return Moved::ok;
}

Moved release(Slot& slot, const std::string& token, std::uint64_t fence, std::int64_t now_ms) {
  forget_expired(slot, now_ms);
  if (!slot || !holds(*slot, token, fence)) return Moved::fenced;
  if (slot->state != State::claimed && slot->state != State::sent) return Moved::refused;
  if (!fall_back(*slot)) slot.reset();
  return Moved::ok;
}

Moved resolve(Slot& slot, const Resolution& resolution, std::int64_t now_ms) {
  forget_expired(slot, now_ms);
  if (!slot || slot->fence != resolution.fence) return Moved::fenced;
  const bool lost = slot->state == State::unknown || (slot->state == State::sent && slot->lease <= now_ms);
  if (!lost) return Moved::refused;
  slot->doubt = false;
  if (resolution.happened) {
    settle(*slot, State::done, resolution.result);
    slot->expires = now_ms + resolution.ttl.count();
  } else if (!fall_back(*slot)) {
    slot.reset();
  }
  return Moved::ok;
}

std::optional<Record> view(const Slot& slot, std::int64_t now_ms) {
  if (!slot || now_ms >= slot->expires) return std::nullopt;
  Record out;
  out.state = slot->state == State::sent && slot->lease <= now_ms ? State::unknown : slot->state;
  out.fence = slot->fence;
  out.round = slot->round;
  out.key_id = slot->key_id;
  out.entry = slot->sent_entry.empty() ? slot->entry : slot->sent_entry;
  out.result = slot->result;
  out.lease = milliseconds(std::max<std::int64_t>(slot->lease - now_ms, 0));
  out.expires = milliseconds(slot->expires - now_ms);
  return out;
}

}  // namespace durward::quotas
