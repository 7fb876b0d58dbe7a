#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/line.hpp"
#include "audit/merkle.hpp"

namespace durward::audit {

/// Why a line, or the batch that it ends, does not hold.
struct Fault {
  std::string reason;
  std::uint64_t lines_back = 0;  // how many lines before the one just fed the fault stands
  bool other_key = false;        // the batch is signed under a key id that was not given
};

/// Judges a log line by line, batch by batch (deploy/docs/ledger.md, "Judging a log"). Each batch costs one signature check.
class Chain {
 public:
  /// What to do with a batch under a key that was not given.
  enum class Strangers {
    refused,  // it is a fault
    handed,   // where a `key` record led to or away from the given key, only its signature is left unchecked
  };
  /// public_key: 32 raw bytes.
  explicit Chain(std::string_view public_key, Strangers strangers = Strangers::refused);
  /// Begins at whatever place the first line claims, instead of at the start of the log.
  void begin_anywhere() { anywhere_ = true; }
  /// Goes on behind a known place instead of at the start: the log has `seq` records, and leaf is the last one's.
  void resume(std::string_view origin, std::uint64_t seq, const crypto::Hash& leaf);

  std::optional<Fault> feed(const Line& line);
  bool whole() const { return leaves_.empty(); }                     // no batch is open
  std::uint64_t open() const { return leaves_.size(); }              // lines of the open batch
  std::uint64_t size() const { return next_seq_ - leaves_.size(); }  // records in whole batches
  std::uint64_t batches() const { return batches_; }
  std::uint64_t unchecked() const { return unchecked_; }  // records under keys that were not given
  bool used() const { return used_; }                     // the given key signed at least one batch
  const std::string& kid() const { return kid_; }
  const crypto::Hash& leaf() const { return settled_; }  // of the last record in a whole batch
  const std::string& origin() const { return origin_; }
  const std::vector<crypto::Hash>& batch() const { return batch_; }  // leaves of the batch that feed() just completed
  /// Whether the lines of the open batch hold by themselves, each by its own path: then only lines behind them are missing.
  std::optional<Fault> judge_open() const;

 private:
  std::optional<Fault> place(const Line& line);
  std::optional<Fault> finish();
  std::optional<Fault> turn_key();
  bool signed_well(const std::string& message) const;

  std::string public_key_, kid_, origin_;
  std::uint64_t next_seq_ = 0;
  std::uint64_t batches_ = 0;
  std::uint64_t unchecked_ = 0;
  Strangers strangers_;
  bool anywhere_ = false;
  bool used_ = false;
  bool handover_ = false;             // the last whole batch ends with a `key` record
  bool ends_with_key_ = false;        // so does the open one, so far
  std::string current_kid_;           // of the last whole batch
  std::vector<std::string> retired_;  // kids that were handed over
  crypto::Hash last_{};               // leaf of the line before
  crypto::Hash settled_{};
  std::string expected_prev_;
  // the open batch
  std::vector<crypto::Hash> leaves_, batch_;
  std::vector<std::string> paths_;
  std::string batch_kid_, batch_s_;
  std::uint64_t batch_n_ = 0;
  Tree tree_;
};

}  // namespace durward::audit
