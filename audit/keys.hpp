#pragma once
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/secret.hpp"
#include "policy/digest.hpp"
#include "policy/outcome.hpp"

namespace durward::audit {

/// An Ed25519 key pair (RFC 8032). The seed lives in a zeroing, unprintable type.
class SigningKey {
 public:
  /// base64 of a 32-byte seed, or of the 64-byte secret key (seed ‖ public; the public half must match).
  static policy::Outcome<SigningKey, std::string> parse(std::string_view text);
  static SigningKey generate();
  std::string sign(std::string_view message) const;          // 64 raw bytes
  const std::string& public_key() const { return public_; }  // 32 raw bytes
  std::string kid() const;                                   // first 16 hex digits of SHA-256(public key)
  std::string seed_base64() const;                           // for `keys init` only

 private:
  SigningKey() = default;
  config::Secret secret_;  // 64 bytes
  std::string public_;
};

/// The first 16 hex digits of SHA-256 of a raw public key: `kid` in a signature.
std::string key_id(std::string_view public_key);

/// Whether the raw 64-byte Ed25519 signature holds under the raw 32-byte key. False for any other sizes.
bool verify(std::string_view public_key, std::string_view message, std::string_view signature);

/// One key of the keyring. The newest entry of a list writes, all entries read.
struct KeyringEntry {
  std::string id;      // 4 bytes for `session`, as 8 hex digits; else free
  config::Secret key;  // 32 random bytes
  std::string from;    // RFC 3339 UTC
};

/// keyring.json (deploy/docs/ledger.md, "Keys").
struct Keyring {
  std::vector<KeyringEntry> session, idem, reply, apikey, vault;
  std::map<std::string, std::vector<KeyringEntry>> commit;  // by tenant
  static policy::Outcome<Keyring, std::string> parse(std::string_view json);
  static Keyring generate(std::string_view now_rfc3339);
  /// Gives a tenant a commitment key of its own, which becomes its newest.
  void add_tenant(const std::string& tenant, std::string_view now_rfc3339);
  std::string to_json() const;
};

/// Commits under one key of the keyring. Thread-safe.
class Committer {
 public:
  explicit Committer(const KeyringEntry& entry) : id_(entry.id), mac_(entry.key.reveal()) {}
  /// `hmac:<entry id>:<base64>` of label ‖ 0x00 ‖ bytes; `hmac-raw:` with raw.
  std::string commit(std::string_view label, std::string_view bytes, bool raw) const;

 private:
  std::string id_;
  crypto::Hmac mac_;
};

/// Reads a secret file with the ownership checks of deploy/docs/ledger.md, "Keys": refuses one that others can read, that the
/// group can unless the owner is root and the group is one of the process's own, or whose directory others can write without
/// the sticky bit.
policy::Outcome<config::Secret, std::string> read_key_file(const std::string& path);

}  // namespace durward::audit
