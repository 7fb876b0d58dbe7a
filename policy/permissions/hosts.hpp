#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "policy/outcome.hpp"
#include "policy/permissions/url.hpp"

namespace durward::policy::permissions {

/// One entry of a list of hosts: `[scheme://]host[:port]`. The host is a name, an IP address, a network in CIDR form, or a name
/// with stars: `*` stands within one label, a first label `**` for one or more. Without a scheme the web's four are meant;
/// without a port the scheme's own; `:*` is any port.
///
/// What a star or a network covers is never what must be named: names that lead inside need a pattern which ends in such a name
/// itself, metadata services and labels in Punycode are listed as they are.
class HostPattern {
 public:
  /// Errors are one sentence for the policy's author.
  static Outcome<HostPattern, std::string> parse(std::string_view text);
  bool matches(const Url& url) const;
  bool everything() const;  // a star alone, or a network of all addresses
  bool starred() const { return starred_; }
  const std::string& text() const { return text_; }

 private:
  HostPattern() = default;
  bool matches_name(const Url& url) const;
  std::string text_, scheme_;
  std::vector<std::string> labels_;  // of a name, from the last to the first
  std::string name_;                 // of a name without stars
  std::optional<Network> network_;   // of an address, one of all its bits
  std::uint16_t port_ = 0;
  bool any_port_ = false;
  bool starred_ = false;
  bool special_ = false;  // ends in a name that leads inside
};

/// What a list says of where a URL leads.
enum class Egress : std::uint8_t {
  allowed,
  unlisted,
  inside,  // unlisted, and it leads to the machine itself, its networks, or a metadata service
};
Egress judge(const std::vector<HostPattern>& listed, const Url& url);

/// Whether a URL leads to the machine itself, to networks that are not the internet, or to a metadata service, as far as its
/// text tells.
bool leads_inside(const Url& url);

}  // namespace durward::policy::permissions
