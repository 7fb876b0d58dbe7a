#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/digest.hpp"

/// RFC 6962 trees over leaves that are hashed already (deploy/docs/ledger.md, "Chain and signatures").
namespace durward::audit {

crypto::Hash node_hash(const crypto::Hash& left, const crypto::Hash& right);

/// All levels of one batch's tree. Keeps its buffers from batch to batch.
class Tree {
 public:
  /// leaves must not be empty.
  void build(const std::vector<crypto::Hash>& leaves);
  const crypto::Hash& root() const { return levels_[height_ - 1].front(); }
  std::size_t height() const { return height_; }
  /// `["…","…"]`: the inclusion path of leaf i, nearest sibling first, each in base64, is appended to out.
  void append_path(std::string& out, std::size_t i) const;

 private:
  std::vector<std::vector<crypto::Hash>> levels_;
  std::vector<std::string> text_;  // of each level: base64 of its nodes, 44 characters each, made once for many paths
  std::size_t height_ = 0;
};

/// How many hashes the inclusion path of leaf i in a tree of n has. i < n.
std::size_t path_length(std::uint64_t i, std::uint64_t n);
/// The root that leaf and its path lead to; none if the path's length is wrong for (i, n).
std::optional<crypto::Hash> root_from_path(std::uint64_t i, std::uint64_t n, crypto::Hash leaf,
                                           const std::vector<crypto::Hash>& path);

/// The right edge of a growing tree: the heads of its perfect subtrees, largest first.
class Edge {
 public:
  Edge() = default;
  /// heads as heads() gave them for that size; none if their number does not fit the size.
  static std::optional<Edge> restore(std::uint64_t size, std::vector<crypto::Hash> heads);
  void push(crypto::Hash leaf);
  std::uint64_t size() const { return size_; }
  const std::vector<crypto::Hash>& heads() const { return heads_; }
  /// The tree head; of an empty tree SHA-256 of nothing.
  crypto::Hash root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<crypto::Hash> heads_;
};

}  // namespace durward::audit
