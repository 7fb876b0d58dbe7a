#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "audit/merkle.hpp"
#include "audit/segments.hpp"
#include "policy/outcome.hpp"

namespace durward::audit {

/// What has to be known of a log to go on with it (deploy/docs/ledger.md, "Starting again after a crash").
struct LogState {
  Edge edge;            // its size is the log's
  crypto::Hash leaf{};  // of the last record; the genesis while there is none
  Position end;
  std::map<std::string, std::uint64_t> open;  // intents without outcome: seq by id
  std::string kid;                            // key id of the last record, where read_state() looked it up
};

/// Replaces `<dir>/state.json` durably: temporary file, fsync, rename, fsync of the folder. The error is one sentence.
policy::Outcome<void, std::string> write_state(const std::string& dir, const std::string& origin, const LogState& state);

/// What state.json says, if it can be read, is of this origin, and the log on disk really has that record as its size-th,
/// ending at that place. A state that does not fit is as good as none: recovery then reads the whole log.
std::optional<LogState> read_state(const std::string& dir, const std::string& origin);

/// The size that state.json claims, whether it fits or not; 0 if it cannot be read.
std::uint64_t claimed_size(const std::string& dir);

}  // namespace durward::audit
