#include "audit/record.hpp"

#include <array>

#include "audit/random.hpp"

namespace durward::audit {

std::string_view name(Type type) noexcept {
  constexpr std::array<std::string_view, kTypes> kNames = {"refusal",    "intent",   "outcome",  "call", "session",
                                                           "descriptor", "approval", "rulebook", "key",  "boot",
                                                           "shutdown",   "recovery", "heartbeat"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string_view name(Effect effect) noexcept {
  constexpr std::array<std::string_view, 4> kNames = {"none", "completed", "error", "unknown"};
  return kNames[static_cast<std::size_t>(effect)];
}

std::string new_ulid(std::int64_t now_ms) {
  constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::array<unsigned char, 10> random{};
  random_id_bytes(random.data(), random.size());
  std::string out(26, '0');
  auto time = static_cast<std::uint64_t>(now_ms);
  for (std::size_t i = 10; i-- > 0; time >>= 5) out[i] = kCrockford[time & 31U];
  // 80 bits are sixteen digits of five.
  std::uint64_t bits = 0;
  unsigned held = 0;
  std::size_t at = 10;
  for (unsigned char byte : random) {
    bits = (bits << 8) | byte;
    for (held += 8; held >= 5; held -= 5) out[at++] = kCrockford[(bits >> (held - 5)) & 31U];
  }
  return out;
}

}  // namespace durward::audit
