#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/settings.hpp"

/// Who may knock: Host and Origin checks against DNS rebinding, and the CORS answers.
namespace durward::gateway {

class Doorplate {
 public:
  /// bound_port is the port that the socket really has (listen.port may be 0).
  Doorplate(const config::Listen& listen, std::uint16_t bound_port);

  /// The bound address, and localhost, 127.0.0.1 and [::1] where that reaches them, with the bound port; or one of
  /// listen.hosts, or that of listen.public_url. One without a port stands for the bare name and for the name with the bound
  /// port.
  bool host_allowed(std::string_view host) const;
  /// An absent (empty) Origin is not a browser: allowed. Otherwise one of listen.cors_origins, or, where only loopback is
  /// bound, http(s)://localhost, 127.0.0.1 or [::1] with any port.
  bool origin_allowed(std::string_view origin) const;

  using Headers = std::vector<std::pair<std::string, std::string>>;
  /// For every answer to a request of that origin: empty unless it stands in listen.cors_origins.
  Headers cors(std::string_view origin) const;
  /// For the answer to a preflight; empty unless the origin stands in listen.cors_origins. requested is the value of
  /// Access-Control-Request-Headers: its Mcp-Param-* names are allowed besides the fixed list, which no wildcard could do.
  Headers preflight(std::string_view origin, std::string_view requested = {}) const;

 private:
  std::vector<std::string> hosts_;    // lower case, as a Host header writes them
  std::vector<std::string> origins_;  // lower case
  bool loopback_;
};

}  // namespace durward::gateway
