#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "config/secret.hpp"
#include "gateway/splice.hpp"

namespace durward::gateway {

/// Finds one secret of ours in what a server writes, however JSON escapes it. Immutable; any thread.
class SecretEcho {
 public:
  static constexpr std::size_t kLeast = 8;  // bytes: a shorter secret would be found where nobody wrote it
  static constexpr std::string_view kMark = "[REDACTED:credential]";

  /// Throws std::logic_error for a secret of fewer than kLeast bytes.
  explicit SecretEcho(std::string_view secret);

  /// Appends the edits that put kMark in the place of each occurrence within a string of a JSON text (RFC 8259, strict).
  /// Occurrences that overlap become one edit. Linear in text, whatever it holds (Knuth, Morris, Pratt).
  void find(std::string_view json, std::vector<Edit>& edits) const;
  /// Whether a text that is not JSON holds it as it stands.
  bool in(std::string_view text) const;

 private:
  /// One byte more: whether the secret ends with it. matched: how much of it the bytes before end with.
  bool step(char byte, std::size_t& matched) const;
  config::Secret secret_;
  std::vector<std::uint32_t> fall_;  // for each prefix its longest border
};

}  // namespace durward::gateway
