#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/policy_settings.hpp"
#include "config/settings.hpp"
#include "policy/codes.hpp"
#include "policy/json.hpp"
#include "policy/principal.hpp"

/// What arguments may reach: hosts, files, commands, SQL. Least privilege by server, and by caller where the policy says so.
namespace durward::policy::permissions {

/// One thing that permissions forbid. Its effect is its own: `consent_required` escalates, all others deny, also
/// egress_violation and fs_violation, which elsewhere the policy's lists decide on.
struct Raised {
  Code code;
  /// JSON Pointer into the arguments: the operator's where places are declared; else with a `*` for every name that is not
  /// customary.
  std::string at;
  bool operator==(const Raised&) const = default;
};

/// Findings of one call, each once; further ones are left out.
inline constexpr std::size_t kMostFindings = 16;
/// Bytes of commands and SQL that are read in one call; what is beyond is refused.
inline constexpr std::size_t kMostRead = std::size_t{1} << 20;

class Permissions {
 public:
  /// Every problem is appended to diagnostics with its position. Without a `permissions` section, only URLs are looked at:
  /// those that could be read in two ways, and those that lead inside.
  static std::unique_ptr<const Permissions> compile(const config::PolicySettings& policy,
                                                    const std::map<std::string, config::Server>& servers,
                                                    std::vector<config::Diagnostic>& diagnostics);
  Permissions(const Permissions&) = delete;
  Permissions& operator=(const Permissions&) = delete;
  ~Permissions();

  /// kinds: config::ToolKind bits of the tool. arguments: params.arguments, or absent. Pure; time is linear in the arguments.
  std::vector<Raised> check(std::string_view server, const Principal& principal, std::uint8_t kinds,
                            json::Value arguments) const;
  /// Whether the permissions of a server depend on who calls: then a record must hold the caller.
  bool asks_principal(std::string_view server) const;
  /// The JSON text of what was compiled, for the rulebook's digest.
  const std::string& canonical() const { return canonical_; }

  struct Data;  // private, but named so that the free functions of this folder can read it

 private:
  Permissions(std::unique_ptr<const Data> data, std::string canonical);
  std::unique_ptr<const Data> data_;
  std::string canonical_;
};

}  // namespace durward::policy::permissions
