#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/diagnostic.hpp"

/// `permissions` of policy.yaml as plain data; `policy/permissions` says what it means.
namespace durward::config {

using Entries = std::vector<Located<std::string>>;

struct FilesystemPermission {
  Entries read, write, deny;
};

/// Which programs a command may start: none, or all but what is dangerous, or only these.
struct ExecPermission {
  bool allowed = false;
  std::optional<Entries> programs;
};

/// What may be reached. What is absent is as elsewhere: in an override as at its server, at a server as by default.
struct PermissionSet {
  std::optional<FilesystemPermission> filesystem;
  std::optional<Entries> network;
  std::optional<ExecPermission> exec;
  std::optional<Entries> allow_commands;    // categories of dangerous commands that pass all the same
  std::optional<Entries> sql;               // classes of statements
  std::optional<std::vector<int>> consent;  // ToolKind: a person must agree
};

/// Other permissions for some callers. Of each list that is written the caller must be in.
struct PermissionOverride {
  Position where;
  std::optional<Entries> tenants, users, agents, groups, roles;
  PermissionSet set;
};

/// Where arguments hold what, as JSON Pointers in which `*` is any one name or index. An absent list: wherever it is found.
struct ArgumentPlaces {
  std::optional<Entries> paths, urls, commands, sql;
};

struct ServerPermission {
  Position where;
  PermissionSet set;
  ArgumentPlaces arguments;
  std::string base, home;                     // what relative paths and `~` stand for there; empty: not known
  std::string i_accept;                       // why an entry that means everything is wanted; empty: it is not
  std::vector<PermissionOverride> overrides;  // the first that fits the caller
};

/// By server. A server without an entry may do nothing but select.
using Permissions = std::map<std::string, ServerPermission>;

}  // namespace durward::config
