#include "audit/chain.hpp"

#include "audit/keys.hpp"

namespace durward::audit {

Chain::Chain(std::string_view public_key) : public_key_(public_key), kid_(key_id(public_key)) {}

void Chain::resume(std::string_view origin, std::uint64_t seq, const crypto::Hash& leaf) {
  origin_ = origin;
  next_seq_ = seq;
  last_ = settled_ = leaf;
}

std::optional<Fault> Chain::place(const Line& line) {
  if (origin_.empty()) {
    origin_ = line.origin;
    last_ = settled_ = genesis(origin_);
  }
  if (line.origin != origin_) return Fault{"`origin` is not that of the log"};
  if (line.seq != next_seq_) return Fault{"`seq` is " + std::to_string(line.seq) + ", expected " + std::to_string(next_seq_)};
  if (line.prev != crypto::base64(crypto::view(last_))) return Fault{"`prev` is not the hash of the record before"};
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
  ++next_seq_;
  return leaves_.size() == batch_n_ ? finish() : std::nullopt;
}

std::optional<Fault> Chain::finish() {
  const std::uint64_t first = batch_n_ - 1;
  if (batch_kid_ != kid_) return Fault{"signed with the key " + batch_kid_ + ", not with " + kid_, first, true};
  tree_.build(leaves_);
  const auto signature = crypto::from_base64(batch_s_);
  const std::string message = batch_message(origin_, next_seq_ - batch_n_, batch_n_, tree_.root());
  std::string expected;
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    expected.clear();
    tree_.append_path(expected, i);
    // A changed record spoils the paths of its batch too, so the first wrong path is only a hint: see the signature first.
    if (expected == paths_[i]) continue;
    if (!signature || !verify(public_key_, message, *signature))
      return Fault{"the signature of its batch does not hold", first};
    return Fault{"`sig.path` is not the path of its record", first - i};
  }
  if (!signature || !verify(public_key_, message, *signature)) return Fault{"the signature of its batch does not hold", first};
  ++batches_;
  settled_ = last_;
  batch_.swap(leaves_);
  leaves_.clear();
  return std::nullopt;
}

std::optional<Fault> Chain::judge_open() const {
  const auto signature = crypto::from_base64(batch_s_);
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    const std::uint64_t back = leaves_.size() - 1 - i;
    if (batch_kid_ != kid_) return Fault{"signed with the key " + batch_kid_ + ", not with " + kid_, back, true};
    const auto path = parse_path(paths_[i]);
    const auto root = path ? root_from_path(i, batch_n_, leaves_[i], *path) : std::nullopt;
    if (!root || !signature ||
        !verify(public_key_, batch_message(origin_, next_seq_ - leaves_.size(), batch_n_, *root), *signature))
      return Fault{"the signature of its batch does not hold", back};
  }
  return std::nullopt;
}

}  // namespace durward::audit
