#include "audit/sealer.hpp"

#include "audit/line.hpp"

namespace durward::audit {

Sealer::Sealer(std::string origin, SigningKey key, std::uint64_t seq, const crypto::Hash& last)
    : origin_(std::move(origin)), kid_(key.kid()), key_(std::move(key)), seq_(seq), last_(last) {}

void Sealer::add(const Composed& record) {
  if (sealed_) {
    plain_.clear();
    places_.clear();
    leaves_.clear();
    sealed_ = false;
  }
  Place place{plain_.size(), 0, 0};
  const std::string_view text = record.text;
  plain_ += text.substr(0, record.prev_at);
  plain_ += ",\"prev\":\"";
  crypto::append_base64(plain_, last_);
  plain_ += '"';
  plain_ += text.substr(record.prev_at, record.seq_at - record.prev_at);
  plain_ += ",\"seq\":";
  plain_ += std::to_string(seq_++);
  plain_ += text.substr(record.seq_at, record.sig_at - record.seq_at);
  place.sig = plain_.size();
  plain_ += text.substr(record.sig_at);
  place.end = plain_.size();
  last_ = crypto::sha256(0x00, std::string_view(plain_).substr(place.begin, place.end - place.begin));
  places_.push_back(place);
  leaves_.push_back(last_);
}

std::string_view Sealer::seal() {
  tree_.build(leaves_);
  const std::size_t n = leaves_.size();
  const std::string s = crypto::base64(key_.sign(batch_message(origin_, seq_ - n, n, tree_.root())));
  const std::string middle = ",\"kid\":\"" + kid_ + "\",\"n\":" + std::to_string(n) + ",\"path\":";
  const std::string_view plain = plain_;
  bytes_.clear();
  bytes_.reserve(plain_.size() + n * (s.size() + middle.size() + 64 + 48 * tree_.height()));
  for (std::size_t i = 0; i < n; ++i) {
    const Place& place = places_[i];
    bytes_ += plain.substr(place.begin, place.sig - place.begin);
    bytes_ += ",\"sig\":{\"i\":";
    bytes_ += std::to_string(i);
    bytes_ += middle;
    tree_.append_path(bytes_, i);
    bytes_ += ",\"s\":\"";
    bytes_ += s;
    bytes_ += "\"}";
    bytes_ += plain.substr(place.sig, place.end - place.sig);
    bytes_ += '\n';
  }
  sealed_ = true;
  return bytes_;
}

}  // namespace durward::audit
