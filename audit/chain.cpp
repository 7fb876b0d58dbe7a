#include "audit/chain.hpp"

#include <algorithm>

#include "audit/keys.hpp"

namespace durward::audit {

Chain::Chain(std::string_view public_key, Strangers strangers)
    : public_key_(public_key), kid_(key_id(public_key)), strangers_(strangers) {}

void Chain::resume(std::string_view origin, std::uint64_t seq, const crypto::Hash& leaf) {
  origin_ = origin;
  next_seq_ = seq;
  last_ = settled_ = leaf;
}

std::optional<Fault> Chain::place(const Line& line) {
  if (origin_.empty()) {
    origin_ = line.origin;
    last_ = settled_ = genesis(origin_);
    if (anywhere_ && line.seq > 0) {
      const auto prev = crypto::from_base64(line.prev);
      if (!prev || prev->size() != last_.size()) return Fault{"`prev` is not the base64 of a hash"};
      next_seq_ = line.seq;
      std::copy(prev->begin(), prev->end(), last_.begin());
    }
  }
  if (line.origin != origin_) return Fault{"`origin` is not that of the log"};
  if (line.seq != next_seq_) return Fault{"`seq` is " + std::to_string(line.seq) + ", expected " + std::to_string(next_seq_)};
  expected_prev_.clear();
  crypto::append_base64(expected_prev_, last_);
  if (line.prev != expected_prev_) {
    // Was it the record before that changed? Alone it then fails too.
    if (auto fault = judge_open()) {
      ++fault->lines_back;
      return fault;
    }
    return Fault{"`prev` is not the hash of the record before"};
  }
  if (leaves_.empty()) {
    if (line.i != 0) return Fault{"a batch does not begin at its first line"};
    batch_kid_ = line.kid;
    batch_s_ = line.s;
    batch_n_ = line.n;
  } else if (line.kid != batch_kid_ || line.n != batch_n_ || line.s != batch_s_) {
    return Fault{"`sig` differs from that of the line before in the same batch"};
  } else if (line.i != leaves_.size()) {
    return Fault{"`sig.i` does not count on from the line before"};
  }
  return std::nullopt;
}

std::optional<Fault> Chain::feed(const Line& line) {
  if (auto fault = place(line)) return fault;
  leaves_.push_back(line.leaf);
  if (paths_.size() < leaves_.size()) paths_.emplace_back();
  paths_[leaves_.size() - 1].assign(line.path);
  last_ = line.leaf;
  ends_with_key_ = line.type == Type::key;
  ++next_seq_;
  return leaves_.size() == batch_n_ ? finish() : std::nullopt;
}

/// A key takes over only behind a `key` record, and one that was handed over never comes back.
std::optional<Fault> Chain::turn_key() {
  if (batch_kid_ == current_kid_) return std::nullopt;
  const std::uint64_t first = leaves_.size() - 1;
  if (std::find(retired_.begin(), retired_.end(), batch_kid_) != retired_.end())
    return Fault{"the key " + batch_kid_ + " is used again after it was handed over", first, true};
  if (!current_kid_.empty()) {
    if (!handover_) return Fault{"signed with the key " + batch_kid_ + ", which no `key` record introduced", first, true};
    retired_.push_back(current_kid_);
  }
  current_kid_ = batch_kid_;
  return std::nullopt;
}

bool Chain::signed_well(const std::string& message) const {
  const auto signature = crypto::from_base64(batch_s_);
  return signature && verify(public_key_, message, *signature);
}

std::optional<Fault> Chain::finish() {
  const std::uint64_t first = batch_n_ - 1;
  const bool ours = batch_kid_ == kid_;
  if (!ours && strangers_ == Strangers::refused)
    return Fault{"signed with the key " + batch_kid_ + ", not with " + kid_, first, true};
  if (auto fault = turn_key()) return fault;
  if (!ours && !crypto::from_base64(batch_s_)) return Fault{"`sig.s` is not the base64 of a signature", first};
  tree_.build(leaves_);
  // A changed record spoils the paths of its batch too, so the signature is judged first.
  if (ours && !signed_well(batch_message(origin_, next_seq_ - batch_n_, batch_n_, tree_.root()))) {
    if (auto fault = judge_open()) return fault;
    return Fault{"the signature of its batch does not hold", first};
  }
  std::string expected;
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    expected.clear();
    tree_.append_path(expected, i);
    if (expected != paths_[i]) return Fault{"`sig.path` is not the path of its record", first - i};
  }
  used_ |= ours;
  if (!ours) unchecked_ += batch_n_;
  handover_ = ends_with_key_;
  ++batches_;
  settled_ = last_;
  batch_.swap(leaves_);
  leaves_.clear();
  return std::nullopt;
}

std::optional<Fault> Chain::judge_open() const {
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    const std::uint64_t back = leaves_.size() - 1 - i;
    if (batch_kid_ != kid_ && strangers_ == Strangers::handed && handover_) continue;
    if (batch_kid_ != kid_) return Fault{"signed with the key " + batch_kid_ + ", not with " + kid_, back, true};
    const auto path = parse_path(paths_[i]);
    const auto root = path ? root_from_path(i, batch_n_, leaves_[i], *path) : std::nullopt;
    if (!root || !signed_well(batch_message(origin_, next_seq_ - leaves_.size(), batch_n_, *root)))
      return Fault{"the record, or its signature, was changed", back};
  }
  return std::nullopt;
}

}  // namespace durward::audit
