#pragma once
#include <string>
#include <vector>

#include "audit/log_state.hpp"
#include "policy/outcome.hpp"

namespace durward::audit {

struct Recovered {
  LogState state;
  std::vector<std::string> reports;  // `facts` of the recovery records to write: canonical JSON, one for each cut
};

/// Finds the last whole batch that verifies and moves everything behind it to `*.torn` (deploy/docs/ledger.md, "Starting again
/// after a crash"). Starts from state.json where that fits the log, else reads the whole log. Reports survive a crash in
/// `<dir>/recovery.json` until forget_reports. The caller holds the folder's lock. Errors are one sentence: a log that another
/// key signed, or a file that cannot be read or moved.
policy::Outcome<Recovered, std::string> recover(const std::string& dir, const std::string& origin, std::string_view public_key);

/// Whether recover() could go on with this log: its error if the log is another key's or cannot be read or written to. Changes
/// nothing, and may be called while a gateway writes the log.
policy::Outcome<void, std::string> check_log(const std::string& dir, const std::string& origin, std::string_view public_key);

/// To be called when the recovery records are on disk.
void forget_reports(const std::string& dir);

}  // namespace durward::audit
