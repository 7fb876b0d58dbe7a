#include "audit/merkle.hpp"

#include <bit>
#include <cstring>

namespace durward::audit {

namespace {
constexpr std::size_t kDigits = 44;  // of a hash in base64
}

crypto::Hash node_hash(const crypto::Hash& left, const crypto::Hash& right) {
  std::array<char, 64> both{};
  std::memcpy(both.data(), left.data(), 32);
  std::memcpy(both.data() + 32, right.data(), 32);
  return crypto::sha256(0x01, {both.data(), both.size()});
}

void Tree::build(const std::vector<crypto::Hash>& leaves) {
  height_ = static_cast<std::size_t>(std::bit_width(leaves.size() - 1)) + 1;
  if (levels_.size() < height_) levels_.resize(height_);
  if (text_.size() < height_) text_.resize(height_);
  levels_[0] = leaves;
  for (std::size_t level = 1; level < height_; ++level) {
    const auto& below = levels_[level - 1];
    auto& here = levels_[level];
    here.clear();
    for (std::size_t i = 0; i + 1 < below.size(); i += 2) here.push_back(node_hash(below[i], below[i + 1]));
    if (below.size() % 2 != 0) here.push_back(below.back());  // an odd one moves up as it is
  }
  for (std::size_t level = 0; level + 1 < height_; ++level) {
    text_[level].clear();
    for (const crypto::Hash& node : levels_[level]) crypto::append_base64(text_[level], node);
  }
}

void Tree::append_path(std::string& out, std::size_t i) const {
  out += '[';
  bool first = true;
  for (std::size_t level = 0; level + 1 < height_; ++level, i /= 2) {
    const std::size_t sibling = i ^ 1U;
    if (sibling >= levels_[level].size()) continue;
    out += first ? "\"" : ",\"";
    out.append(text_[level], sibling * kDigits, kDigits);
    out += '"';
    first = false;
  }
  out += ']';
}

std::size_t path_length(std::uint64_t i, std::uint64_t n) {
  std::size_t length = 0;
  for (std::uint64_t last = n - 1; last > 0; last /= 2, i /= 2)
    if (i % 2 != 0 || i < last) ++length;
  return length;
}

std::optional<crypto::Hash> root_from_path(std::uint64_t i, std::uint64_t n, crypto::Hash leaf,
                                           const std::vector<crypto::Hash>& path) {
  if (i >= n || path.size() != path_length(i, n)) return std::nullopt;
  auto sibling = path.begin();
  for (std::uint64_t last = n - 1; last > 0; last /= 2, i /= 2) {
    if (i % 2 != 0) {
      leaf = node_hash(*sibling++, leaf);
    } else if (i < last) {
      leaf = node_hash(leaf, *sibling++);
    }
  }
  return leaf;
}

std::optional<Edge> Edge::restore(std::uint64_t size, std::vector<crypto::Hash> heads) {
  if (static_cast<std::size_t>(std::popcount(size)) != heads.size()) return std::nullopt;
  Edge edge;
  edge.size_ = size;
  edge.heads_ = std::move(heads);
  return edge;
}

void Edge::push(crypto::Hash leaf) {
  // Like a carry in a binary counter: each trailing one bit of the size is a perfect subtree to merge with.
  for (std::uint64_t bits = size_; bits % 2 != 0; bits /= 2) {
    leaf = node_hash(heads_.back(), leaf);
    heads_.pop_back();
  }
  heads_.push_back(leaf);
  ++size_;
}

crypto::Hash Edge::root() const {
  if (heads_.empty()) return crypto::sha256({});
  crypto::Hash root = heads_.back();
  for (std::size_t i = heads_.size() - 1; i > 0; --i) root = node_hash(heads_[i - 1], root);
  return root;
}

}  // namespace durward::audit
