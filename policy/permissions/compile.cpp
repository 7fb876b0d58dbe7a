#include <algorithm>
#include <set>

#include "policy/compile.hpp"
#include "policy/permissions/data.hpp"

namespace durward::policy::permissions {
namespace {

/// The entry of one server while it is compiled.
class Compiler {
 public:
  Compiler(const config::ServerPermission& server, Diagnostics& diagnostics) : server_(server), diagnostics_(diagnostics) {}

  ServerSet run() {
    ServerSet out;
    out.where = {server_.base, server_.home};
    for (const std::string* place : {&server_.base, &server_.home}) {
      const bool good = place->empty() || (place->starts_with('/') && read_path(*place, {}));
      if (!good) error(diagnostics_, server_.where, "`" + *place + "` is no absolute path");
    }
    apply(server_.set, out.set);
    out.arguments.paths = declared(server_.arguments.paths);
    out.arguments.urls = declared(server_.arguments.urls);
    out.arguments.commands = declared(server_.arguments.commands);
    out.arguments.sql = declared(server_.arguments.sql);
    for (const config::PermissionOverride& one : server_.overrides) {
      Override other{callers(one), out.set};
      apply(one.set, other.set);
      out.overrides.push_back(std::move(other));
    }
    return out;
  }

 private:
  /// What is written replaces what there was.
  void apply(const config::PermissionSet& from, Set& out) {
    if (from.filesystem) {
      out.read = paths(from.filesystem->read, true);
      out.write = paths(from.filesystem->write, true);
      out.deny = paths(from.filesystem->deny, false);
    }
    if (from.network) out.network = hosts(*from.network);
    if (from.exec) {
      out.exec = from.exec->allowed;
      out.programs.reset();
      if (from.exec->programs) out.programs = programs(*from.exec->programs);
    }
    if (from.allow_commands) out.accepted = categories(*from.allow_commands);
    if (from.sql) out.sql = classes(*from.sql);
    if (from.consent) {
      out.consent = 0;
      for (const int kind : *from.consent) out.consent = static_cast<std::uint8_t>(out.consent | kind);
    }
  }

  /// A pattern that means everything is written by somebody who says why, or by mistake.
  void everything(const config::Located<std::string>& entry) {
    if (!server_.i_accept.empty()) return;
    error(diagnostics_, entry.where,
          "`" + entry.value + "` means everything: narrow it, or say why in `i_accept` of this server");
  }

  std::vector<PathPattern> paths(const config::Entries& entries, bool allows) {
    std::vector<PathPattern> out;
    for (const auto& entry : entries) {
      auto pattern = PathPattern::parse(entry.value);
      if (!pattern) {
        error(diagnostics_, entry.where, "`" + entry.value + "` is no path of a policy: " + pattern.error());
        continue;
      }
      if (allows && pattern->everything()) everything(entry);
      out.push_back(*std::move(pattern));
    }
    return out;
  }

  std::vector<HostPattern> hosts(const config::Entries& entries) {
    std::vector<HostPattern> out;
    for (const auto& entry : entries) {
      auto pattern = HostPattern::parse(entry.value);
      if (!pattern) {
        error(diagnostics_, entry.where, "`" + entry.value + "` names no host: " + pattern.error());
        continue;
      }
      if (pattern->everything()) {
        everything(entry);
      } else if (pattern->starred()) {
        warning(diagnostics_, entry.where,
                "`" + entry.value + "` allows hosts that nobody has listed: whoever can name one below it is reached");
      }
      out.push_back(*std::move(pattern));
    }
    return out;
  }

  std::vector<std::string> programs(const config::Entries& entries) {
    std::vector<std::string> out;
    for (const auto& entry : entries) {
      const bool good = !entry.value.empty() && entry.value.find_first_of("/\\* \t") == std::string::npos;
      if (!good)
        error(diagnostics_, entry.where, "`" + entry.value + "` is no name of a program: write the last part of its path");
      out.push_back(entry.value);
    }
    return out;
  }

  shell::Found categories(const config::Entries& entries) {
    shell::Found out;
    for (const auto& entry : entries) {
      if (const auto category = shell::category_of(entry.value)) {
        out.add(*category);
        continue;
      }
      std::vector<std::string> known;
      for (std::size_t i = 0; i < shell::kCategories; ++i) known.emplace_back(name(static_cast<shell::Category>(i)));
      error(diagnostics_, entry.where, "`" + entry.value + "` is no category of commands" + suggestion(entry.value, known));
    }
    return out;
  }

  sql::Classes classes(const config::Entries& entries) {
    sql::Classes out = 0;
    for (const auto& entry : entries) {
      if (const auto found = sql::classes_of(entry.value)) {
        out = static_cast<sql::Classes>(out | *found);
        continue;
      }
      const std::vector<std::string> known{"select",   "insert", "update", "delete", "create",      "alter", "drop",
                                           "truncate", "exec",   "file",   "admin",  "transaction", "ddl",   "any"};
      error(diagnostics_, entry.where, "`" + entry.value + "` is no class of statements" + suggestion(entry.value, known));
    }
    return out;
  }

  std::optional<std::vector<Declared>> declared(const std::optional<config::Entries>& entries) {
    if (!entries) return std::nullopt;
    std::vector<Declared> out;
    for (const auto& entry : *entries) {
      if (entry.value.empty() || entry.value.front() != '/') {
        error(diagnostics_, entry.where, "`" + entry.value + "` is no JSON Pointer: write `/path`, or `/files/*/path`");
        continue;
      }
      out.push_back({entry.value, steps(entry.value)});
    }
    return out;
  }

  static Place steps(std::string_view text) {
    Place out;
    while (!text.empty()) {
      text.remove_prefix(1);
      const std::string_view raw = text.substr(0, text.find('/'));
      text.remove_prefix(raw.size());
      std::string step;
      for (std::size_t i = 0; i < raw.size(); ++i) {
        const bool escape = raw[i] == '~' && i + 1 < raw.size() && (raw[i + 1] == '0' || raw[i + 1] == '1');
        step += escape ? (raw[i + 1] == '0' ? '~' : '/') : raw[i];
        if (escape) ++i;
      }
      out.push_back(std::move(step));
    }
    return out;
  }

  Callers callers(const config::PermissionOverride& one) {
    Callers out;
    const auto values = [](const std::optional<config::Entries>& entries) -> std::optional<std::vector<std::string>> {
      if (!entries) return std::nullopt;
      std::vector<std::string> list;
      for (const auto& entry : *entries) list.push_back(entry.value);
      return list;
    };
    out.tenants = values(one.tenants);
    out.users = values(one.users);
    out.agents = values(one.agents);
    out.groups = values(one.groups);
    out.roles = values(one.roles);
    if (!one.tenants && !one.users && !one.agents && !one.groups && !one.roles)
      error(diagnostics_, one.where, "an override says for whom it is: by `tenants`, `users`, `agents`, `groups` or `roles`");
    return out;
  }

  const config::ServerPermission& server_;
  Diagnostics& diagnostics_;
};

std::string quoted(const config::Entries& entries) {
  std::set<std::string> values;
  for (const auto& entry : entries) values.insert(entry.value);
  std::string out = "[";
  for (const std::string& one : values) out += (out.size() > 1 ? "," : "") + json::quote(one);
  return out + "]";
}

void add(std::string& out, const char* key, const std::string& value) {
  out += (out.ends_with('{') ? "\"" : ",\"") + std::string(key) + "\":" + value;
}

void add(std::string& out, const char* key, const std::optional<config::Entries>& entries) {
  if (entries) add(out, key, quoted(*entries));
}

void add(std::string& out, const config::PermissionSet& set) {
  if (set.filesystem) {
    add(out, "read", quoted(set.filesystem->read));
    add(out, "write", quoted(set.filesystem->write));
    add(out, "deny", quoted(set.filesystem->deny));
  }
  add(out, "network", set.network);
  if (set.exec) {
    add(out, "exec", set.exec->allowed ? "true" : "false");
    add(out, "programs", set.exec->programs);
  }
  add(out, "allow_commands", set.allow_commands);
  add(out, "sql", set.sql);
  if (set.consent) {
    unsigned kinds = 0;
    for (const int kind : *set.consent) kinds |= static_cast<unsigned>(kind);
    add(out, "consent", std::to_string(kinds));
  }
}

std::string text_of(const config::ServerPermission& server) {
  std::string out = "{";
  add(out, server.set);
  add(out, "paths", server.arguments.paths);
  add(out, "urls", server.arguments.urls);
  add(out, "commands", server.arguments.commands);
  add(out, "statements", server.arguments.sql);
  add(out, "base", json::quote(server.base));
  add(out, "home", json::quote(server.home));
  std::string overrides = "[";
  for (const config::PermissionOverride& one : server.overrides) {
    std::string other = "{";
    add(other, "tenants", one.tenants);
    add(other, "users", one.users);
    add(other, "agents", one.agents);
    add(other, "groups", one.groups);
    add(other, "roles", one.roles);
    add(other, one.set);
    overrides += (overrides.size() > 1 ? "," : "") + other + "}";
  }
  add(out, "overrides", overrides + "]");
  return out + "}";
}

}  // namespace

std::unique_ptr<const Permissions> Permissions::compile(const config::PolicySettings& policy,
                                                        const std::map<std::string, config::Server>& servers,
                                                        std::vector<config::Diagnostic>& diagnostics) {
  auto data = std::make_unique<Data>();
  std::string canonical = "{";
  data->enforced = policy.permissions.has_value();
  if (policy.permissions) {
    for (const auto& [name, server] : *policy.permissions) {
      if (!servers.contains(name))
        error(diagnostics, server.where, "no server `" + name + "` is configured" + suggestion(name, names_of(servers)));
      data->servers.emplace(name, Compiler(server, diagnostics).run());
      add(canonical, name.c_str(), text_of(server));
    }
  }
  canonical += "}";
  return std::unique_ptr<const Permissions>(new Permissions(std::move(data), policy.permissions ? canonical : "null"));
}

Permissions::Permissions(std::unique_ptr<const Data> data, std::string canonical)
    : data_(std::move(data)), canonical_(std::move(canonical)) {}
Permissions::~Permissions() = default;

}  // namespace durward::policy::permissions
