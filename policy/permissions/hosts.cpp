#include "policy/permissions/hosts.hpp"

#include <algorithm>

#include "config/forms.hpp"
#include "policy/tool.hpp"

namespace durward::policy::permissions {
namespace {

constexpr std::string_view kForm =
    "a host is `api.example.com`, `*.example.org:443`, an address, a network such as `10.0.0.0/8`, "
    "or one of these after `scheme://`";

/// Label by label, from the last to the first.
std::vector<std::string> labels_of(std::string_view name) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) break;
    out.emplace_back(name.substr(dot + 1));
    name = name.substr(0, dot);
  }
  out.emplace_back(name);
  return out;
}

bool has_star(std::string_view text) { return text.find('*') != std::string_view::npos; }

bool matches_label(const std::string& pattern, std::string_view label) {
  if (!has_star(pattern)) return pattern == label;
  return !label.starts_with("xn--") && glob(pattern, label);
}

/// The text before the port, and the port, which stays empty where none is written.
void split_port(std::string_view& host, std::string_view& port) {
  const std::size_t colon = host.rfind(':');
  const std::size_t bracket = host.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && bracket > colon)) return;
  // An IPv6 address or network without brackets has no port.
  if (bracket == std::string_view::npos && host.find(':') != colon) return;
  port = host.substr(colon + 1);
  host = host.substr(0, colon);
}

std::string_view without_brackets(std::string_view host) {
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

}  // namespace

Outcome<HostPattern, std::string> HostPattern::parse(std::string_view text) {
  HostPattern out;
  out.text_ = text;
  std::string_view host = text;
  if (const std::size_t colon = text.find("://"); colon != std::string_view::npos) {
    out.scheme_ = config::lower(text.substr(0, colon));
    if (scheme_of(out.scheme_ + "://x") != out.scheme_ || out.scheme_ == "file") return std::string(kForm);
    host = text.substr(colon + 3);
  }
  std::string_view port;
  const std::string_view whole = host;
  split_port(host, port);
  if (host.size() < whole.size() && port.empty()) return std::string("a port follows the colon");
  out.any_port_ = port == "*";
  if (!port.empty() && !out.any_port_) {
    const auto read = read_host("x:" + std::string(port));
    if (!read) return std::string("a port is a number from 1 to 65535, or `*`");
    out.port_ = read->port;
  }
  const std::string bare = config::lower(without_brackets(host));
  out.network_ = read_network(bare);
  if (out.network_) return out;
  if (bare.find('/') != std::string::npos) return std::string(kForm);
  out.starred_ = has_star(bare);
  const bool alone = bare == "*" || bare == "**";
  if (out.starred_ && !alone && bare.find('.') == std::string::npos)
    return std::string("a star stands alone, or before a domain");
  // Whatever a star stands for, the rest must be a name.
  std::string stand_in = bare;
  std::replace(stand_in.begin(), stand_in.end(), '*', 'x');
  const auto read = read_host(stand_in);
  if (!read || read->port != 0) return std::string(kForm);
  if (read->address) {
    out.network_ = Network{*read->address, read->address->v4 ? 32U : 128U};
    return out;
  }
  out.labels_ = labels_of(bare);
  for (std::size_t i = 0; i < out.labels_.size(); ++i) {
    const bool first = i + 1 == out.labels_.size();
    if (out.labels_[i].find("**") != std::string::npos && !(first && out.labels_[i] == "**"))
      return std::string("`**` is a host's first label, as in `**.example.org`");
  }
  if (!out.starred_) out.name_ = bare;
  // The literal end of the pattern, which whatever it matches has too.
  const std::size_t dot = out.starred_ ? bare.find('.', bare.rfind('*')) : std::string::npos;
  const std::string end = dot == std::string::npos ? bare : bare.substr(dot + 1);
  out.special_ = !alone && is_special("x." + end);
  return out;
}

bool HostPattern::everything() const {
  return (network_ && network_->bits == 0) || (!labels_.empty() && has_star(labels_.front()) && labels_.size() == 1);
}

bool HostPattern::matches_name(const Url& url) const {
  if (url.address || labels_.empty()) return false;
  if (!starred_) return name_ == url.host;
  if (is_metadata(url.host) || (is_special(url.host) && !special_)) return false;
  const std::vector<std::string> labels = labels_of(url.host);
  const bool deep = labels_.back() == "**" || labels_.size() == 1;  // a star alone is any name
  const std::size_t fixed = deep ? labels_.size() - 1 : labels_.size();
  if (deep ? labels.size() <= fixed : labels.size() != fixed) return false;
  for (std::size_t i = 0; i < fixed; ++i) {
    if (!matches_label(labels_[i], labels[i])) return false;
  }
  return std::none_of(labels.begin() + static_cast<std::ptrdiff_t>(fixed), labels.end(),
                      [](const std::string& label) { return label.starts_with("xn--"); });
}

bool HostPattern::matches(const Url& url) const {
  const std::uint16_t own = web_port(url.scheme);
  if (scheme_.empty() ? !url.scheme.empty() && own == 0 : scheme_ != url.scheme) return false;
  if (!any_port_ && url.port != (port_ == 0 ? own : port_)) return false;
  if (!network_) {
    // A star alone reaches addresses of the internet, too.
    return matches_name(url) || (url.address && labels_.size() == 1 && has_star(labels_.front()) && is_global(*url.address));
  }
  if (!url.address || !network_->contains(*url.address)) return false;
  return network_->bits == (url.address->v4 ? 32U : 128U) || !is_metadata(*url.address);
}

bool leads_inside(const Url& url) { return url.address ? !is_global(*url.address) : is_special(url.host); }

Egress judge(const std::vector<HostPattern>& listed, const Url& url) {
  const bool some = std::any_of(listed.begin(), listed.end(), [&url](const HostPattern& one) { return one.matches(url); });
  if (some) return Egress::allowed;
  return leads_inside(url) ? Egress::inside : Egress::unlisted;
}

}  // namespace durward::policy::permissions
