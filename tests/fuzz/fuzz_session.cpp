#include <sodium.h>

#include <string>

#include "gateway/session_id.hpp"
#include "tests/fuzz/fuzz.hpp"

// No bytes open as a session but those that were sealed, where they were sealed for; every upstream id that may be sealed comes
// back. The first four bytes choose what is changed in a sealed id, and are the nonce, over and over; the rest is the
// upstream's id.
namespace {

using namespace durward;
using namespace durward::fuzz;
using namespace durward::gateway;

constexpr std::int64_t kIssued = 1'772'366'400;
constexpr std::int64_t kMaxAge = 3600;

std::string_view nonce;

/// Chance would make a crash that nobody can repeat.
void take_nonce(void* bytes, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) static_cast<char*>(bytes)[i] = nonce[i % nonce.size()];
}

const SessionSealer& sealer() {
  static randombytes_implementation given = [] {
    randombytes_implementation out = randombytes_sysrandom_implementation;
    out.buf = take_nonce;
    return out;
  }();
  static const int set = randombytes_set_implementation(&given);
  must(set == 0);
  static const SessionSealer made =
      *SessionSealer::make({{"00a1b2c3", config::Secret(std::string(32, 'k')), "2026-01-01T00:00:00Z"},
                            {"00000001", config::Secret(std::string(32, 'o')), "2025-01-01T00:00:00Z"}});
  return made;
}

bool opens(std::string_view id, std::string_view server = "s", std::uint8_t owner = 0, std::int64_t now = kIssued) {
  crypto::Hash principal{};
  principal[31] = owner;
  return sealer().open(server, principal, id, now, kMaxAge).has_value();
}

/// What somebody who never saw a sealed id may send.
void forge(std::string_view text) {
  must(!opens(text));
  for (const char* const key : {"\x00\xa1\xb2\xc3", "\0\0\0\1"})
    must(!opens(crypto::base64url("\x01" + std::string(key, 4) + std::string(text))));
}

/// What somebody who saw one may make of it.
void tamper(const std::string& id, const std::uint8_t* choice) {
  const std::size_t at = (choice[0] + 256U * choice[1]) % id.size();
  std::string other = id;
  other[at] = static_cast<char>(choice[2]);
  must(opens(other) == (other == id));
  must(!opens(id.substr(0, at)));
  other = id;
  other.insert(at, 1, static_cast<char>(choice[3]));
  must(!opens(other));
  must(!opens(id + "="));
  auto raw = *crypto::from_base64url(id);
  raw[at % raw.size()] = static_cast<char>(raw[at % raw.size()] ^ (1 << (choice[3] % 8)));
  must(!opens(crypto::base64url(raw)));
}

void misuse(const std::string& id, const std::uint8_t* choice) {
  must(opens(id) && opens(id, "s", 0, kIssued + kMaxAge) && opens(id, "s", 0, kIssued - 60));
  must(!opens(id, "s", 0, kIssued + kMaxAge + 1) && !opens(id, "s", 0, kIssued - 61));
  must(!opens(id, "s", static_cast<std::uint8_t>(1 + choice[0] % 255)));
  must(!opens(id, "") && !opens(id, "s2") && !opens(id, std::string_view("s\0", 2)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const std::string_view text = text_of(data + 4, size - 4);
  nonce = text_of(data, 4);
  forge(text);
  const char* const revision = data[0] % 3 == 0 ? "2025-03-26" : data[0] % 3 == 1 ? "2025-06-18" : "2025-11-25";
  const SessionState state{revision, kIssued, {}, std::string(text)};
  const auto id = sealer().seal("s", state);
  must(static_cast<bool>(id) == is_upstream_session_id(text));
  if (!id) return 0;
  const auto opened = sealer().open("s", {}, *id, kIssued, kMaxAge);
  must(opened && opened->upstream_id == text && opened->revision == revision && opened->issued == kIssued);
  must(is_upstream_session_id(*id) || id->size() > 512);  // what we hand out is itself a header value
  tamper(*id, data);
  misuse(*id, data);
  return 0;
}
