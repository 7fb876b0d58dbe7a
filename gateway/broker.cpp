#include "gateway/broker.hpp"

#include <optional>

namespace durward::gateway {

namespace {

/// One walk through the arguments, with the way to where it is.
class Walk {
 public:
  Walk(const Credentials& credentials, const policy::Principal& principal, const policy::ToolRef& tool, Brokerage& out)
      : credentials_(credentials), principal_(principal), tool_(tool), out_(out) {}

  void value(json::Value at) {
    switch (at.kind()) {
      case json::Kind::string:
        text(at);
        break;
      case json::Kind::array: {
        std::size_t index = 0;
        for (const json::Value one : at.elements()) inside(std::to_string(index++), one);
        break;
      }
      case json::Kind::object:
        for (const json::Member one : at.members()) {
          refuse_name(one.key);
          inside(one.key.string(), one.value);
        }
        break;
      default:
        break;
    }
  }

 private:
  void inside(std::string step, json::Value at) {
    way_.push_back(std::move(step));
    value(at);
    way_.pop_back();
  }

  // The name of a member is no place for a secret.
  void refuse_name(json::Value key) {
    if (named(key)) out_.refused = true;
  }

  static std::optional<std::string> named(json::Value string) {
    if (const auto plain = string.plain(); plain && !plain->starts_with(kSecretScheme)) return std::nullopt;
    std::string text = string.string();
    if (!text.starts_with(kSecretScheme)) return std::nullopt;
    return text.substr(kSecretScheme.size());
  }

  void text(json::Value at) {
    const std::optional<std::string> name = named(at);
    if (!name) return;
    const LoadedSecret* secret = credentials_.secret(*name);
    if (secret != nullptr && secret->serves(principal_, tool_)) {
      for (const auto& declared : secret->arguments) {
        if (!leads_here(declared)) continue;
        out_.put.push_back({at, secret, written(declared)});
        return;
      }
    }
    out_.refused = true;
  }

  bool leads_here(const std::vector<std::string>& declared) const {
    if (declared.size() != way_.size()) return false;
    for (std::size_t i = 0; i < way_.size(); ++i)
      if (declared[i] != "*" && declared[i] != way_[i]) return false;
    return true;
  }

  static std::string written(const std::vector<std::string>& steps) {
    std::string out;
    for (const std::string& step : steps) {
      out += '/';
      for (const char c : step) {
        if (c == '~') {
          out += "~0";
        } else if (c == '/') {
          out += "~1";
        } else {
          out += c;
        }
      }
    }
    return out;
  }

  const Credentials& credentials_;
  const policy::Principal& principal_;
  const policy::ToolRef& tool_;
  Brokerage& out_;
  std::vector<std::string> way_;
};

}  // namespace

Brokerage broker(const Credentials& credentials, const policy::Principal& principal, const policy::ToolRef& tool,
                 json::Value arguments) {
  Brokerage out;
  if (credentials.brokers() && arguments) Walk(credentials, principal, tool, out).value(arguments);
  return out;
}

}  // namespace durward::gateway
