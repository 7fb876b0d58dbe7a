#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/compose.hpp"
#include "audit/keys.hpp"
#include "audit/merkle.hpp"

namespace durward::audit {

/// Chains records and signs them in batches: the writer's side of the format. Pure computation; one thread at a time.
class Sealer {
 public:
  /// seq: of the next record. last: leaf of the one before it (genesis for the first).
  Sealer(std::string origin, SigningKey key, std::uint64_t seq, const crypto::Hash& last);
  /// Adds a record to the open batch, which takes at most kLargestBatch.
  void add(const Composed& record);
  /// Signs the open batch. The bytes of its lines are valid until the next add().
  std::string_view seal();
  std::uint64_t seq() const { return seq_; }
  const crypto::Hash& last() const { return last_; }
  const std::vector<crypto::Hash>& leaves() const { return leaves_; }  // of the batch that is open or was just sealed

 private:
  struct Place {
    std::size_t begin, sig, end;
  };
  std::string origin_, kid_;
  SigningKey key_;
  std::uint64_t seq_;
  crypto::Hash last_;
  bool sealed_ = false;
  std::string plain_;  // the lines without sig
  std::string bytes_;  // the lines
  std::vector<Place> places_;
  std::vector<crypto::Hash> leaves_;
  Tree tree_;
};

}  // namespace durward::audit
