#include "policy/jose/key_set.hpp"

#include <algorithm>

#include "policy/jose/text.hpp"
#include "policy/jose/token.hpp"

namespace durward::jose {

Outcome<KeySet> KeySet::parse(std::string_view json) {
  if (json.size() > kMaxBytes) return Fault::key_set_too_long;
  constexpr json::Limits kLimits{8, 16'384};
  TRY(const json::Document document,
      object(std::string(json), kLimits, Fault::key_set_not_json, Fault::key_set_repeats_member, Fault::key_set_malformed));
  const json::Value listed = document.root().find("keys");
  if (!listed.is(json::Kind::array)) return Fault::key_set_malformed;
  if (listed.size() > kMaxKeys) return Fault::key_set_too_many;

  KeySet set;
  for (const json::Value jwk : listed.elements()) {
    auto key = PublicKey::parse(jwk);
    if (!key && key.error() == Fault::key_private) return Fault::key_private;
    if (!key) {
      set.skipped_.push_back(key.error());
      continue;
    }
    const auto same = [&key](const PublicKey& other) {
      return !other.kid().empty() && other.kid() == key->kid() && other.algorithm() == key->algorithm();
    };
    if (std::any_of(set.keys_.begin(), set.keys_.end(), same)) return Fault::key_set_repeats_key;
    set.keys_.push_back(*std::move(key));
  }
  return set;
}

Outcome<const PublicKey*> KeySet::find(const std::optional<std::string>& kid, Algorithm algorithm) const {
  const PublicKey* found = nullptr;
  bool named = false;
  for (const PublicKey& key : keys_) {
    if (kid && key.kid() != *kid) continue;
    named = true;
    if (key.algorithm() != algorithm) continue;
    if (found != nullptr) return Fault::key_ambiguous;
    found = &key;
  }
  if (found == nullptr) return kid && named ? Fault::key_algorithm : Fault::key_unknown;
  return found;
}

Outcome<const PublicKey*> KeySet::find(const Token& token) const { return find(token.kid(), token.algorithm()); }

}  // namespace durward::jose
