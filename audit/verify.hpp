#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace durward::audit {

/// What to judge, and with what.
struct VerifyRequest {
  std::vector<std::string> paths;        // a ledger folder, or segment files in the log's order
  std::vector<std::string> public_keys;  // 32 raw bytes each: the one that signed the first record judges; none: inconclusive
  std::string origin;                    // the origin that the log must have; empty: any
  unsigned threads = 0;                  // that take lines apart; 0: as many as there are cores, within reason
  std::function<void(std::uint64_t bytes)> progress;  // told from time to time how many bytes were read; may be empty
};

/// The judgement of `durward ledger verify`.
struct VerifyReport {
  int exit_code = 0;                 // 0 valid, 1 invalid, 2 a file could not be read, 3 inconclusive
  std::vector<std::string> reasons;  // why not valid: one sentence each, with file and line where there is one
  std::uint64_t files = 0;           // that were read, the one with the fault included
  std::uint64_t records = 0, batches = 0, first_seq = 0;
  std::uint64_t recoveries = 0;    // recovery records: places where a torn tail was moved away
  std::uint64_t dev_boots = 0;     // boots with a temporary key
  std::uint64_t open_intents = 0;  // intents without outcome, however young
  std::string origin, kid;
  std::string head;  // base64 of the last record's leaf
  std::string root;  // base64 of the whole log's RFC 6962 root, where it was read from its start
};

/// Judges a log offline, streaming, in memory that does not grow with it but for open intents (deploy/docs/ledger.md, "Judging
/// a log"). The number of threads changes nothing of what it says. Writes nothing.
VerifyReport verify_log(const VerifyRequest& request);

/// What a log alone cannot show. Part of every judgement.
extern const char* const kWithoutAnchor;

std::string to_text(const VerifyReport& report);
std::string to_json(const VerifyReport& report);

}  // namespace durward::audit
