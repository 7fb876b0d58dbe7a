#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace durward::policy::permissions {

/// An IP address by its bytes. Of IPv4 the first four count.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  bool v4 = false;
  bool operator==(const Address&) const = default;
};

/// Four decimal parts without leading zeros, and nothing else that some resolver takes for an address.
std::optional<Address> read_ipv4(std::string_view text);
/// RFC 4291, without brackets and without a zone.
std::optional<Address> read_ipv6(std::string_view text);

/// Whether the address is one that the whole internet can reach: no loopback, private, link-local, shared, multicast,
/// documentation or reserved range (IANA's special-purpose registries), and no IPv6 form that carries an IPv4 address.
bool is_global(const Address& address) noexcept;

/// Where a cloud hands out its instances' credentials. Listed only by exactly this address, never by a network around it.
bool is_metadata(const Address& address) noexcept;

/// A network in CIDR form, "10.0.0.0/8" or "fd00::/8".
struct Network {
  Address base;
  unsigned bits = 0;
  bool contains(const Address& address) const noexcept;
};
std::optional<Network> read_network(std::string_view text);

}  // namespace durward::policy::permissions
