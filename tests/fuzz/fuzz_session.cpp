#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "gateway/session_id.hpp"

// No bytes open as a session but those that were sealed, and every upstream id that may be sealed comes back.
namespace {

using namespace durward;
using namespace durward::gateway;

const SessionSealer& sealer() {
  static const SessionSealer made =
      *SessionSealer::make({{"00a1b2c3", config::Secret(std::string(32, 'k')), "2026-01-01T00:00:00Z"}});
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const crypto::Hash owner{};
  if (sealer().open("s", owner, text, 0, 1)) std::abort();
  if (sealer().open("s", owner, crypto::base64url("\x01" + std::string("\x00\xa1\xb2\xc3", 4) + std::string(text)), 0, 1))
    std::abort();
  auto id = sealer().seal("s", {"2025-11-25", 0, owner, std::string(text)});
  if (static_cast<bool>(id) != is_upstream_session_id(text)) std::abort();
  if (!id) return 0;
  const auto state = sealer().open("s", owner, *id, 0, 1);
  if (!state || state->upstream_id != text) std::abort();
  return 0;
}
