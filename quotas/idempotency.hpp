#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Idempotency records: who may send a call of a key, and what came of it. The words of every store; the state machine itself
/// is `quotas/claiming.hpp`, which the Redis store repeats in Lua.
///
///   CLAIMED  someone is about to send, and has sent nothing. Its lease gone, another takes over with the next fence
///   SENT     bytes may have gone out. Its lease gone, the record is UNKNOWN
///   OPEN     the server has asked back (round r of at most rounds_max): the question is kept, and a call that answers it
///   claims round r+1 DONE     the result is kept UNKNOWN  whether it happened is not known; never claimed again, unless it is
///   repeatable or an operator resolves it
namespace durward::quotas {

using std::chrono::milliseconds;

inline constexpr std::size_t kFingerprints = 8;                  // keys of the keyring that a claim may be compared under
inline constexpr std::size_t kFingerprintBytes = 64;             // each of its two parts
inline constexpr std::size_t kTokenBytes = 64;                   // tokens, digests and entry ids
inline constexpr std::size_t kSealedBytes = (256U << 10) + 512;  // a result, with what sealing adds
inline constexpr unsigned kRoundsMax = 100;

enum class State : std::uint8_t { claimed, sent, open, done, unknown };

/// What is called, under one key of the keyring.
struct Fingerprint {
  std::string key_id;  // 1 to kFingerprintBytes
  std::string digest;  // likewise
};

/// A call that comes with an idempotency key.
struct Claim {
  std::string key;                        // of the record: namespaced, 1 to kKeyBytes bytes
  std::vector<Fingerprint> fingerprints;  // the newest first, which a new record keeps; an older record is compared under its
                                          // own key id, and one under an id that is not here is a mismatch
  std::string token;                      // random, of this attempt: 1 to kTokenBytes
  milliseconds lease{0};                  // how long nobody else may claim; 1 ms to 30 days
  milliseconds ttl{0};                    // of the record; 1 ms to 30 days, and never less than the lease
  bool repeatable = false;                // UNKNOWN may be sent again: the tool is declared idempotent
  // Of a call that answers a question: digests of the requestState that it brings, and of its answer. Both empty: it answers
  // none. A call that brings either has a digest of its answer, so that it can be told from a repetition.
  std::string state;
  std::string answer;
  unsigned rounds_max = 8;  // 1 to kRoundsMax
  // The duplicate guard: what stands for "the same call, whatever its key". Empty: none.
  std::string guard;
  milliseconds guard_window{60'000};  // 1 ms to 1 day
};

struct Claimed {
  enum class Kind : std::uint8_t {
    fresh,            // the caller may send, as fence `fence`, round `round`
    in_flight,        // another is at it: retry_after
    mismatch,         // the key was used for another call
    open,             // result holds the question of round `round`
    done,             // result holds the result; empty: it was too large to keep
    unknown,          // see UNKNOWN
    wrong_state,      // the requestState is not the one that the last question gave out
    too_many_rounds,  // the question has been answered, but rounds_max is reached
  };
  Kind kind = Kind::unknown;
  std::uint64_t fence = 0;      // of the record
  unsigned round = 1;           // likewise
  milliseconds retry_after{0};  // in_flight: when the lease ends by itself, rounded up
  std::string result;           // sealed: of open and done
  std::string entry;            // of open, done, unknown: the ledger's entry of the call that was sent; may be empty
  bool duplicate = false;       // fresh: another key of the same guard became fresh within guard_window
};

/// What the holder of a claim says of it. Only the claim's own token and fence move it; a stale holder's are fenced, and
/// whatever he has must be dropped.
struct Move {
  std::string key;
  std::string token;
  std::uint64_t fence = 0;
  State to =
      State::sent;        // claimed -> sent; sent -> open, done, unknown; unknown -> open, done: the late result of who sent it
  std::string result;     // open, done: sealed, at most kSealedBytes
  std::string state;      // open: digest of the requestState handed out; empty: none was
  std::string entry;      // sent: the ledger's entry of this call
  milliseconds lease{0};  // sent: as Claim::lease, from now
  milliseconds ttl{0};    // as Claim::ttl, from now
};

enum class Moved : std::uint8_t {
  ok,
  fenced,   // the record is gone, or another's: nothing was changed
  refused,  // the record's state does not lead there: a defect, or said twice; nothing was changed
};

/// A record as an operator sees it.
struct Record {
  State state = State::claimed;
  std::uint64_t fence = 0;
  unsigned round = 1;
  std::string key_id;       // of its fingerprint
  std::string entry;        // as Claimed::entry
  std::string result;       // sealed
  milliseconds lease{0};    // what is left of it; 0: gone
  milliseconds expires{0};  // what is left of its life
};

/// An operator's word on a record that is UNKNOWN, or SENT with its lease gone.
struct Resolution {
  std::string key;
  std::uint64_t fence = 0;  // of the record that he has looked at
  bool happened = false;    // true: DONE with `result`; false: it did not, and the next call of the key is sent
  std::string result;       // sealed; may be empty: the call is never sent again, and has no result to replay
  milliseconds ttl{0};      // of DONE
};

}  // namespace durward::quotas
