#pragma once
#include <cstdint>
#include <string>

namespace durward::config {

/// An address of the configuration taken apart: no user, no query, no fragment. See parse_url in config/forms.hpp.
struct Url {
  std::string scheme;             // "http" or "https"
  std::string host;               // lower case; an IPv6 address without brackets
  std::uint16_t port = 0;         // the scheme's own where none is written
  std::string path;               // at least "/"
  std::string authority() const;  // as in a Host header: brackets where needed, the scheme's own port left out
};

}  // namespace durward::config
