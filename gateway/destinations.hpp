#pragma once
#include <set>
#include <string>
#include <vector>

#include "config/settings.hpp"

namespace durward::gateway {

/// Whom `gateway/egress` may ask: the hosts that the configuration writes out, and no other. They may be private, since the
/// operator named them. What a host is called by somebody else (a redirect, a document that was fetched) is never in it.
class Destinations {
 public:
  Destinations() = default;
  explicit Destinations(const std::vector<config::Url>& urls);
  /// By scheme, host and port.
  bool holds(const config::Url& url) const;

 private:
  std::set<std::string> origins_;
};

/// Those of a configuration.
Destinations destinations_of(const config::Settings& settings);

}  // namespace durward::gateway
