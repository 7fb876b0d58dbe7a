#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/record.hpp"
#include "audit/scan.hpp"
#include "policy/digest.hpp"
#include "policy/outcome.hpp"

namespace durward::audit {

inline constexpr std::uint64_t kLargestBatch = 4096;

/// One line of a ledger, taken apart. The views point into the line's text.
struct Line {
  std::uint64_t seq = 0;
  std::int64_t ts_ms = 0;
  std::string_view origin, id, prev;  // prev: base64
  Type type = Type::call;
  crypto::Hash leaf{};  // SHA-256(0x00 ‖ the record without sig)
  // sig
  std::string_view kid, s;  // s: base64
  std::uint64_t n = 0, i = 0;
  std::string_view path;   // its JSON text
  std::string_view facts;  // its JSON text, or empty
};

/// Takes lines apart; refuses what is invalid whatever stands around it (deploy/docs/ledger.md, "Chain and signatures"), but
/// for what Chain compares anyway: the signature, and whether `prev`, `s` and `path` are base64. Keeps its buffers from line to
/// line; one thread at a time.
class LineReader {
 public:
  /// text: without the newline. The error is a reason without a place.
  policy::Outcome<Line, std::string> read(std::string_view text);
  /// The members of the record that was read last.
  const std::vector<RawMember>& members() const { return scanner_.members(); }

 private:
  Scanner scanner_;
  Scanner inner_;
  std::string unsigned_;
};

/// The hashes in a path's JSON text; none unless it is a list of base64 of 32 bytes each.
std::optional<std::vector<crypto::Hash>> parse_path(std::string_view json);

/// A canonical unsigned integer; none for any other JSON value.
std::optional<std::uint64_t> parse_count(std::string_view json);

/// What the signature of a batch is over.
std::string batch_message(std::string_view origin, std::uint64_t first_seq, std::uint64_t n, const crypto::Hash& root);

/// What stands in `prev` of the first record.
crypto::Hash genesis(std::string_view origin);

}  // namespace durward::audit
