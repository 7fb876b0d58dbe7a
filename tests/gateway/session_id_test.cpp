#include "gateway/session_id.hpp"

#include <sodium.h>

#include <catch2/catch.hpp>
#include <string>

using namespace durward;
using namespace durward::gateway;

namespace {

constexpr std::int64_t kNow = 1'780'000'000;
constexpr std::int64_t kMonth = 30 * 24 * 3600;

audit::KeyringEntry entry(const char* id, char fill, const char* from) {
  return {id, config::Secret(std::string(32, fill)), from};
}

SessionSealer sealer(const std::vector<audit::KeyringEntry>& entries = {entry("00a1b2c3", 'k', "2026-01-01T00:00:00Z")}) {
  auto made = SessionSealer::make(entries);
  REQUIRE(made);
  return *std::move(made);
}

crypto::Hash owner() { return policy::anonymous("t").hash(); }

SessionState state(const char* upstream = "ef024435-8b1c") { return {"2025-06-18", kNow, owner(), upstream}; }

std::string seal(const SessionSealer& with, const SessionState& what, std::string_view server = "s") {
  auto id = with.seal(server, what);
  REQUIRE(id);
  return *std::move(id);
}

bool opens(const SessionSealer& with, std::string_view id, std::string_view server = "s", std::int64_t now = kNow) {
  return with.open(server, owner(), id, now, kMonth).has_value();
}

}  // namespace

TEST_CASE("a sealed session opens as it was") {
  const auto with = sealer();
  for (const char* revision : {"2025-03-26", "2025-06-18", "2025-11-25"}) {
    SessionState before = state();
    before.revision = revision;
    const auto after = with.open("s", owner(), seal(with, before), kNow, kMonth);
    REQUIRE(after);
    CHECK(after->revision == revision);
    CHECK(after->issued == kNow);
    CHECK(after->principal == owner());
    CHECK(after->upstream_id == "ef024435-8b1c");
  }
}

TEST_CASE("an id is fit for a header, and never the same twice") {
  const auto with = sealer();
  const std::string id = seal(with, state());
  CHECK(id != seal(with, state()));
  CHECK(id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos);
  CHECK(id.find("ef024435") == std::string::npos);
}

TEST_CASE("the format is that of the page") {
  // Opened here with libsodium alone, from the layout in the text.
  const std::string raw = *crypto::from_base64url(seal(sealer(), state("up")));
  const auto* bytes = reinterpret_cast<const unsigned char*>(raw.data());
  CHECK(raw.substr(0, 5) == std::string("\x01\x00\xa1\xb2\xc3", 5));
  REQUIRE(raw.size() == 5 + 24 + 41 + 2 + 16);
  const std::string label = "durward-session-v1\ns";
  const std::string key(32, 'k');
  std::string plain(43, '\0');
  REQUIRE(crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<unsigned char*>(plain.data()), nullptr, nullptr,
                                                     bytes + 29, raw.size() - 29,
                                                     reinterpret_cast<const unsigned char*>(label.data()), label.size(),
                                                     bytes + 5, reinterpret_cast<const unsigned char*>(key.data())) == 0);
  CHECK(plain[0] == 2);
  CHECK(crypto::hex(plain.substr(1, 8)) == "000000006a18a500");  // 1780000000
  CHECK(plain.substr(9, 32) == crypto::view(crypto::sha256(R"(["t","","anonymous",""])")));
  CHECK(plain.substr(41) == "up");
}

TEST_CASE("another server, another principal, another key or another time opens nothing") {
  const auto with = sealer();
  const std::string id = seal(with, state());
  CHECK(opens(with, id));
  CHECK_FALSE(opens(with, id, "t"));
  CHECK_FALSE(opens(with, id, ""));
  CHECK_FALSE(with.open("s", policy::anonymous("u").hash(), id, kNow, kMonth));
  CHECK_FALSE(opens(sealer({entry("00a1b2c3", 'x', "2026-01-01T00:00:00Z")}), id));
  CHECK_FALSE(opens(sealer({entry("00a1b2c4", 'k', "2026-01-01T00:00:00Z")}), id));
  CHECK(opens(with, id, "s", kNow + kMonth));
  CHECK_FALSE(opens(with, id, "s", kNow + kMonth + 1));
  CHECK(opens(with, id, "s", kNow - 60));
  CHECK_FALSE(opens(with, id, "s", kNow - 61));
}

TEST_CASE("no changed byte opens") {
  const auto with = sealer();
  const std::string id = seal(with, state());
  const std::string raw = *crypto::from_base64url(id);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    std::string other = raw;
    other[i] = static_cast<char>(other[i] ^ 0x01);
    CAPTURE(i);
    CHECK_FALSE(opens(with, crypto::base64url(other)));
  }
  for (std::size_t length = 0; length < id.size(); ++length) CHECK_FALSE(opens(with, std::string_view(id).substr(0, length)));
  CHECK_FALSE(opens(with, id + "A"));
  CHECK_FALSE(opens(with, id + "="));
  CHECK_FALSE(opens(with, " " + id));
  CHECK_FALSE(opens(with, std::string(100000, 'A')));
}

TEST_CASE("the newest key seals, old ones still open") {
  const auto old = entry("00000001", 'a', "2026-01-01T00:00:00Z");
  const auto fresh = entry("00000002", 'b', "2026-02-01T00:00:00Z");
  const std::string id = seal(sealer({old}), state());
  CHECK(opens(sealer({fresh, old}), id));
  for (const auto& both : {sealer({fresh, old}), sealer({old, fresh})}) {
    CHECK(crypto::from_base64url(seal(both, state()))->substr(1, 4) == std::string("\0\0\0\2", 4));
  }
}

TEST_CASE("only what was agreed to be an upstream id is sealed") {
  const auto with = sealer();
  CHECK(opens(with, seal(with, state(std::string(512, '~').c_str()))));
  for (const std::string& bad : {std::string(), std::string(513, 'x'), std::string("a b"), std::string("a\x7F"),
                                 std::string("\xC3\xA4"), std::string("a\n")}) {
    CAPTURE(bad);
    CHECK_FALSE(with.seal("s", state(bad.c_str())));
    CHECK_FALSE(is_upstream_session_id(bad));
  }
  SessionState modern = state();
  modern.revision = "2026-07-28";
  CHECK_FALSE(with.seal("s", modern));
}

TEST_CASE("a bad keyring entry is named, its key is not") {
  const std::vector<std::vector<audit::KeyringEntry>> bad{{},
                                                          {entry("xyz", 'k', "")},
                                                          {entry("00a1b2c", 'k', "")},
                                                          {entry("00a1b2c3d4", 'k', "")},
                                                          {{"00a1b2c3", config::Secret("short"), ""}},
                                                          {entry("00a1b2c3", 'a', ""), entry("00a1b2c3", 'b', "")}};
  for (const auto& entries : bad) {
    auto made = SessionSealer::make(entries);
    REQUIRE_FALSE(made);
    CHECK(made.error().find("short") == std::string::npos);
    CHECK(made.error().find("session key") != std::string::npos);
  }
}
