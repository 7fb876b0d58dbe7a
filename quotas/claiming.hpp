#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "quotas/idempotency.hpp"

/// The state machine of idempotency records. Pure: time is an argument, in Unix milliseconds. quotas/lua/ says the same for
/// Redis, and tests/quotas/store_steps_test.cpp compares the two step by step.
namespace durward::quotas {

/// A record as it is kept.
struct Kept {
  State state = State::claimed;
  std::uint64_t fence = 1;
  unsigned round = 1;
  bool doubt = false;          // an earlier attempt's outcome is unknown; a later one was allowed since the tool is idempotent
  std::int64_t lease = 0;      // until when; of claimed and sent
  std::int64_t expires = 0;    // when it is as good as gone
  std::string key_id, digest;  // its fingerprint
  std::string token;
  std::string asked;       // digest of the requestState that the kept question handed out
  std::string consumed;    // digest of the answer that led to what is kept
  std::string pending;     // digest of the answer that the present attempt brings
  std::string entry;       // of what is kept
  std::string sent_entry;  // of the present attempt
  std::string result;      // the question, or the result
  bool operator==(const Kept&) const = default;
};

/// Nothing: there is no record. Each changes it in place.
using Slot = std::optional<Kept>;

/// Claimed::duplicate is left to the caller.
Claimed claim(Slot& slot, const Claim& claim, std::int64_t now_ms);
Moved move(Slot& slot, const Move& move, std::int64_t now_ms);
Moved release(Slot& slot, const std::string& token, std::uint64_t fence, std::int64_t now_ms);
Moved resolve(Slot& slot, const Resolution& resolution, std::int64_t now_ms);
/// What is left of a record, CLAIMED or SENT, if its present attempt turns out to have had no effect.
Slot without_attempt(Kept kept);
/// As an operator sees it: SENT without a lease is UNKNOWN. Nothing: gone.
std::optional<Record> view(const Slot& slot, std::int64_t now_ms);

}  // namespace durward::quotas
