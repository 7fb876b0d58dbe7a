#include "gateway/session_id.hpp"

#include <sodium.h>

#include <algorithm>

namespace durward::gateway {
namespace {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

// v1 = base64url(version ‖ key id ‖ nonce ‖ ciphertext and tag); plaintext = revision ‖ issued ‖ principal ‖ upstream id.
constexpr char kVersion = 0x01;
constexpr std::string_view kLabel = "durward-session-v1\n";
constexpr std::size_t kKeyId = 4;
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kKey = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kHead = 1 + kKeyId + kNonce;
constexpr std::size_t kFixed = 1 + 8 + 32;  // of the plaintext, before the upstream id
constexpr std::size_t kUpstreamMax = 512;
constexpr std::int64_t kSkew = 60;  // seconds that another replica's clock may be ahead

// The byte of a revision is its place here plus one: append only.
constexpr std::array<std::string_view, 3> kSealedRevisions{"2025-03-26", "2025-06-18", "2025-11-25"};

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string associated(std::string_view server) { return std::string(kLabel).append(server); }

void append_seconds(std::string& out, std::int64_t seconds) {
  const auto value = static_cast<std::uint64_t>(seconds);
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xFF);
}

std::int64_t read_seconds(std::string_view eight) {
  std::uint64_t value = 0;
  for (const char c : eight) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

std::optional<SessionState> read_plain(std::string_view plain) {
  const auto revision = static_cast<unsigned char>(plain[0]);
  if (revision == 0 || revision > kSealedRevisions.size()) return std::nullopt;
  SessionState state;
  state.revision = kSealedRevisions[revision - 1U];
  state.issued = read_seconds(plain.substr(1, 8));
  std::copy_n(plain.substr(9).begin(), state.principal.size(), state.principal.begin());
  state.upstream_id = plain.substr(kFixed);
  return is_upstream_session_id(state.upstream_id) ? std::optional(std::move(state)) : std::nullopt;
}

std::optional<std::array<std::uint8_t, kKeyId>> read_key_id(std::string_view text) {
  std::array<std::uint8_t, kKeyId> id{};
  std::size_t length = 0;
  const char* end = nullptr;
  const int failed = sodium_hex2bin(id.data(), id.size(), text.data(), text.size(), nullptr, &length, &end);
  if (failed != 0 || length != id.size() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

}  // namespace

bool is_upstream_session_id(std::string_view id) {
  return !id.empty() && id.size() <= kUpstreamMax &&
         std::all_of(id.begin(), id.end(), [](char c) { return c >= 0x21 && c <= 0x7E; });
}

Outcome<SessionSealer, std::string> SessionSealer::make(const std::vector<audit::KeyringEntry>& entries) {
  if (entries.empty()) return std::string("the keyring has no session key");
  SessionSealer sealer;
  for (const audit::KeyringEntry& entry : entries) {
    const auto id = read_key_id(entry.id);
    if (!id) return "session key " + entry.id + ": an id is 8 hexadecimal digits";
    if (entry.key.reveal().size() != kKey) return "session key " + entry.id + ": a key is 32 bytes";
    const auto same = [&](const SessionKey& other) { return other.id == *id; };
    if (std::any_of(sealer.keys_.begin(), sealer.keys_.end(), same)) return "session key " + entry.id + " stands twice";
    if (entry.from >= entries[sealer.newest_].from) sealer.newest_ = sealer.keys_.size();
    sealer.keys_.push_back({*id, entry.key});
  }
  return sealer;
}

Outcome<std::string> SessionSealer::seal(std::string_view server, const SessionState& state) const {
  const auto* revision = std::find(kSealedRevisions.begin(), kSealedRevisions.end(), state.revision);
  if (revision == kSealedRevisions.end()) return Violation(Reason::upstream_failed, "a session of a revision that has none");
  if (!is_upstream_session_id(state.upstream_id))
    return Violation(Reason::upstream_failed, "a session id that is too long or not visible ASCII");

  std::string plain(1, static_cast<char>(revision - kSealedRevisions.begin() + 1));
  append_seconds(plain, state.issued);
  plain.append(crypto::view(state.principal)).append(state.upstream_id);

  const SessionKey& key = keys_[newest_];
  std::string sealed(kHead + plain.size() + kTag, '\0');
  sealed[0] = kVersion;
  std::copy(key.id.begin(), key.id.end(), sealed.begin() + 1);
  randombytes_buf(bytes_of(sealed) + 1 + kKeyId, kNonce);
  const std::string label = associated(server);
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes_of(sealed) + kHead, nullptr, bytes_of(plain), plain.size(), bytes_of(label),
                                             label.size(), nullptr, bytes_of(sealed) + 1 + kKeyId, bytes_of(key.key.reveal()));
  return crypto::base64url(sealed);
}

std::optional<SessionState> SessionSealer::open(std::string_view server, const crypto::Hash& principal, std::string_view id,
                                                std::int64_t now, std::int64_t max_age_s) const {
  constexpr std::size_t kLongest = (kHead + kFixed + kUpstreamMax + kTag) * 4 / 3 + 4;
  if (id.size() > kLongest) return std::nullopt;
  const auto sealed = crypto::from_base64url(id);
  if (!sealed || sealed->size() < kHead + kFixed + 1 + kTag || sealed->front() != kVersion) return std::nullopt;
  const auto key = std::find_if(keys_.begin(), keys_.end(), [&](const SessionKey& each) {
    return std::equal(each.id.begin(), each.id.end(), bytes_of(std::string_view(*sealed)) + 1);
  });
  if (key == keys_.end()) return std::nullopt;

  std::string plain(sealed->size() - kHead - kTag, '\0');
  const std::string label = associated(server);
  const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
      bytes_of(plain), nullptr, nullptr, bytes_of(std::string_view(*sealed)) + kHead, sealed->size() - kHead, bytes_of(label),
      label.size(), bytes_of(std::string_view(*sealed)) + 1 + kKeyId, bytes_of(key->key.reveal()));
  if (failed != 0) return std::nullopt;
  auto state = read_plain(plain);
  if (!state || sodium_memcmp(state->principal.data(), principal.data(), principal.size()) != 0) return std::nullopt;
  if (state->issued < 0 || state->issued > now + kSkew || now - state->issued > max_age_s) return std::nullopt;
  return state;
}

}  // namespace durward::gateway
