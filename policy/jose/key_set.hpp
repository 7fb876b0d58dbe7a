#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "policy/jose/key.hpp"

namespace durward::jose {

class Token;

/// The keys of one issuer (RFC 7517 section 5). Immutable.
class KeySet {
 public:
  static constexpr std::size_t kMaxBytes = 65'536;
  static constexpr std::size_t kMaxKeys = 64;

  /// Keys that cannot be used here (another type, curve, algorithm or use; too weak; malformed) are left out and counted; a set
  /// of which none is left is still a set. Errors, about the whole of it: key_set_too_long, key_set_not_json,
  /// key_set_repeats_member, key_set_malformed (no array `keys`), key_set_too_many, key_set_repeats_key, and key_private: who
  /// publishes a secret is not believed in anything.
  static Outcome<KeySet> parse(std::string_view json);

  /// The key that must have signed. With a kid: the one of exactly that id, whose algorithm must be the token's. Without: the
  /// only one of that algorithm. Errors: key_unknown, key_algorithm, key_ambiguous. The pointer lives as long as this set.
  Outcome<const PublicKey*> find(const std::optional<std::string>& kid, Algorithm algorithm) const;
  Outcome<const PublicKey*> find(const Token& token) const;

  std::size_t size() const { return keys_.size(); }
  bool empty() const { return keys_.empty(); }
  const std::vector<Fault>& skipped() const { return skipped_; }  // why each of the others was left out, in order

 private:
  KeySet() = default;
  std::vector<PublicKey> keys_;
  std::vector<Fault> skipped_;
};

}  // namespace durward::jose
