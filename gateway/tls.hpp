#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "gateway/tls_client.hpp"
#include "gateway/tls_server.hpp"

namespace durward::gateway {

/// All that TLS needs of one configuration, built from its files. Immutable, for all loops.
struct Tls {
  std::map<std::string, std::shared_ptr<const TlsClient>, std::less<>> servers;  // those whose url is https://
  std::shared_ptr<const TlsClient> egress;                                       // for the gateway's own questions
  std::shared_ptr<const TlsServer> listen, admin;                                // null: the listener is plain
};

/// Reads the files that settings name. What is wrong goes to diagnostics, at the setting's place; an error leaves the result
/// without what it concerns. now: Unix seconds.
std::shared_ptr<const Tls> load_tls(const config::Settings& settings, std::int64_t now,
                                    std::vector<config::Diagnostic>& diagnostics);

}  // namespace durward::gateway
