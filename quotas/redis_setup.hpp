#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "config/secret.hpp"

namespace durward::quotas {

/// Where a Redis is, and who we are to it.
struct RedisSetup {
  std::string host;  // empty: the Unix socket `path`
  std::uint16_t port = 6379;
  std::string path;
  struct Tls {
    std::string ca;         // a PEM file; empty: what the system trusts
    std::string cert, key;  // PEM files of a client certificate; empty: none is shown
  };
  std::optional<Tls> tls;  // the certificate must be host's
  std::string username;    // empty: Redis' user `default`
  std::optional<config::Secret> password;
  std::string prefix = "durward:";  // of all keys
  std::chrono::milliseconds deadline{20};
};

}  // namespace durward::quotas
