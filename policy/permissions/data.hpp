#pragma once
#include <optional>

#include "policy/permissions/hosts.hpp"
#include "policy/permissions/path.hpp"
#include "policy/permissions/permissions.hpp"
#include "policy/shell/shell.hpp"
#include "policy/sql/classes.hpp"

/// What Permissions are made of. compile.cpp writes it; check.cpp reads it.
namespace durward::policy::permissions {

/// What one caller may reach at one server.
struct Set {
  std::vector<PathPattern> read, write, deny;
  std::vector<HostPattern> network;
  bool exec = false;
  std::optional<std::vector<std::string>> programs;  // that may run; absent: any
  shell::Found accepted;                             // dangerous categories that pass
  sql::Classes sql = sql::kSelect;
  std::uint8_t consent = 0;  // config::ToolKind bits
};

struct Callers {
  std::optional<std::vector<std::string>> tenants, users, agents, groups, roles;
  bool hold(const Principal& principal) const;
};

struct Override {
  Callers callers;
  Set set;
};

/// A JSON Pointer in which a step `*` is any.
using Place = std::vector<std::string>;

struct Declared {
  std::string text;
  Place place;
};

/// Where arguments hold what; an absent list: wherever it is found.
struct DeclaredPlaces {
  std::optional<std::vector<Declared>> paths, urls, commands, sql;
};

struct ServerSet {
  Set set;
  Places where;  // of relative paths
  DeclaredPlaces arguments;
  std::vector<Override> overrides;
};

struct Permissions::Data {
  bool enforced = false;  // a `permissions` section is written
  std::map<std::string, ServerSet, std::less<>> servers;
  ServerSet other;  // of servers without an entry
};

}  // namespace durward::policy::permissions
