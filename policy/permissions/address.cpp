#include "policy/permissions/address.hpp"

#include <algorithm>

#include "policy/schema/format_rules.hpp"

namespace durward::policy::permissions {
namespace {

/// A network as it is written in the tables below.
struct Range {
  std::array<std::uint8_t, 4> base;
  unsigned bits;
};

bool same_bits(const std::uint8_t* a, const std::uint8_t* b, unsigned bits) {
  for (; bits >= 8; bits -= 8) {
    if (*a++ != *b++) return false;
  }
  if (bits == 0) return true;
  const unsigned mask = 0xFFU << (8 - bits);
  return (*a & mask) == (*b & mask);
}

// RFC 6890 and its successors: https://www.iana.org/assignments/iana-ipv4-special-registry.
constexpr std::array<Range, 15> kNotGlobal4{{
    {{0, 0, 0, 0}, 8},        // this network
    {{10, 0, 0, 0}, 8},       // private
    {{100, 64, 0, 0}, 10},    // shared by carriers
    {{127, 0, 0, 0}, 8},      // loopback
    {{169, 254, 0, 0}, 16},   // link-local, metadata
    {{172, 16, 0, 0}, 12},    // private
    {{192, 0, 0, 0}, 24},     // protocol assignments
    {{192, 0, 2, 0}, 24},     // documentation
    {{192, 88, 99, 0}, 24},   // 6to4 relays
    {{192, 168, 0, 0}, 16},   // private
    {{198, 18, 0, 0}, 15},    // benchmarks
    {{198, 51, 100, 0}, 24},  // documentation
    {{203, 0, 113, 0}, 24},   // documentation
    {{224, 0, 0, 0}, 4},      // multicast
    {{240, 0, 0, 0}, 4},      // reserved, broadcast
}};

// Of 2000::/3, outside of which nothing is global unicast.
constexpr std::array<Range, 4> kNotGlobal6{{
    {{0x20, 0x01, 0x00, 0x00}, 23},  // protocol assignments: Teredo, ORCHID, benchmarks
    {{0x20, 0x01, 0x0D, 0xB8}, 32},  // documentation
    {{0x20, 0x02, 0x00, 0x00}, 16},  // 6to4, which carries IPv4
    {{0x3F, 0xFF, 0x00, 0x00}, 20},  // documentation
}};

template <std::size_t N>
bool in_any(const std::array<Range, N>& ranges, const Address& address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&address](const Range& one) { return same_bits(one.base.data(), address.bytes.data(), one.bits); });
}

constexpr std::array<std::array<std::uint8_t, 4>, 4> kMetadata4{{
    {169, 254, 169, 254},  // most clouds
    {169, 254, 170, 2},    // containers at Amazon
    {100, 100, 100, 200},  // Alibaba
    {168, 63, 129, 16},    // Azure's own, which is no private address
}};
// fd00:ec2::254
constexpr std::array<std::uint8_t, 16> kMetadata6{0xFD, 0x00, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};

unsigned hex_value(char c) { return c <= '9' ? static_cast<unsigned>(c - '0') : static_cast<unsigned>((c | 0x20) - 'a' + 10); }

/// The groups on one side of "::", appended to out; text is known to be good.
void append_groups(std::string_view text, std::array<std::uint8_t, 16>& out, std::size_t& size) {
  while (!text.empty()) {
    const std::string_view group = text.substr(0, text.find(':'));
    if (const auto four = read_ipv4(group)) {
      std::copy_n(four->bytes.begin(), 4, out.begin() + static_cast<std::ptrdiff_t>(size));
      size += 4;
    } else {
      unsigned value = 0;
      for (const char c : group) value = value << 4 | hex_value(c);
      out[size++] = static_cast<std::uint8_t>(value >> 8);
      out[size++] = static_cast<std::uint8_t>(value & 0xFF);
    }
    text.remove_prefix(std::min(text.size(), group.size() + 1));
  }
}

}  // namespace

std::optional<Address> read_ipv4(std::string_view text) {
  if (!schema::format::ipv4(text)) return std::nullopt;
  Address out;
  out.v4 = true;
  std::size_t part = 0;
  for (const char c : text) {
    if (c == '.') {
      ++part;
    } else {
      out.bytes[part] = static_cast<std::uint8_t>(out.bytes[part] * 10 + (c - '0'));
    }
  }
  return out;
}

std::optional<Address> read_ipv6(std::string_view text) {
  if (!schema::format::ipv6(text)) return std::nullopt;
  Address out;
  std::size_t size = 0;
  const std::size_t gap = text.find("::");
  append_groups(text.substr(0, gap), out.bytes, size);
  if (gap == std::string_view::npos) return out;
  std::array<std::uint8_t, 16> tail{};
  std::size_t tail_size = 0;
  append_groups(text.substr(gap + 2), tail, tail_size);
  std::copy_n(tail.begin(), tail_size, out.bytes.end() - static_cast<std::ptrdiff_t>(tail_size));
  return out;
}

bool is_global(const Address& address) noexcept {
  if (address.v4) return !in_any(kNotGlobal4, address) && !is_metadata(address);
  return (address.bytes[0] & 0xE0) == 0x20 && !in_any(kNotGlobal6, address);
}

bool is_metadata(const Address& address) noexcept {
  if (!address.v4) return address.bytes == kMetadata6;
  return std::any_of(kMetadata4.begin(), kMetadata4.end(),
                     [&address](const auto& one) { return std::equal(one.begin(), one.end(), address.bytes.begin()); });
}

bool Network::contains(const Address& address) const noexcept {
  return address.v4 == base.v4 && same_bits(base.bytes.data(), address.bytes.data(), bits);
}

std::optional<Network> read_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view width = text.substr(slash + 1);
  const bool number = !width.empty() && width.size() <= 3 && (width.size() == 1 || width.front() != '0') &&
                      std::all_of(width.begin(), width.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!number) return std::nullopt;
  Network out;
  for (const char c : width) out.bits = out.bits * 10 + static_cast<unsigned>(c - '0');
  const auto four = read_ipv4(text.substr(0, slash));
  const auto base = four ? four : read_ipv6(text.substr(0, slash));
  if (!base || out.bits > (base->v4 ? 32U : 128U)) return std::nullopt;
  out.base = *base;
  return out;
}

}  // namespace durward::policy::permissions
