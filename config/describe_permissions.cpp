#include "config/describe_permissions.hpp"

#include "config/forms.hpp"

namespace durward::config {
namespace {

constexpr std::array kKinds{Word{"read", static_cast<int>(ToolKind::read)}, Word{"mutate", static_cast<int>(ToolKind::mutate)},
                            Word{"exec", static_cast<int>(ToolKind::exec)}, Word{"egress", static_cast<int>(ToolKind::egress)}};

void list(Fields& f, const Key& key, std::optional<Entries>& out) {
  Entries entries;
  if (f.texts(key, kPattern, entries)) out = std::move(entries);
}

void describe_exec(Fields& f, PermissionSet& set) {
  ExecPermission exec;
  const Fields::Shape shape = f.shape("exec");
  if (shape == Fields::Shape::list || shape == Fields::Shape::absent) {
    Entries programs;
    if (f.texts({"exec", "the programs that a command may start, as a list"}, kText, programs)) {
      exec.allowed = true;
      exec.programs = std::move(programs);
      set.exec = std::move(exec);
      return;
    }
  }
  if (shape == Fields::Shape::list) return;
  if (f.flag({"exec", "or whether commands may run at all, but for those that are dangerous; default: false"}, exec.allowed))
    set.exec = std::move(exec);
}

void describe_set(Fields& f, PermissionSet& set) {
  FilesystemPermission files;
  const bool written = f.part({"filesystem", ""}, [&](Fields& in) {
    in.texts({"read", "paths that tools which read may name: `/srv/agent/**`; `*` within a name, `**` across"}, kPattern,
             files.read);
    in.texts({"write", "the same for tools which change something; writing does not imply reading"}, kPattern, files.write);
    in.texts({"deny", "paths that nothing may name, whatever else is listed"}, kPattern, files.deny);
  });
  if (written) set.filesystem = std::move(files);
  list(f,
       {"network", "hosts that URLs may name: `api.example.com`, `*.example.org:443`, an address, a network, `scheme://host`"},
       set.network);
  describe_exec(f, set);
  list(f, {"allow_commands", "categories of dangerous commands that may run all the same"}, set.allow_commands);
  list(f,
       {"sql", "classes of statements that may run: `select`, `insert`, `update`, `delete`, `ddl` and others; default: select"},
       set.sql);
  std::vector<int> consent;
  if (f.words({"consent", "kinds of tools whose calls a person must agree to"}, kKinds, consent))
    set.consent = std::move(consent);
}

void describe_override(Fields& f, PermissionOverride& other) {
  list(f, {"tenants", "for callers of these tenants"}, other.tenants);
  list(f, {"users", "for these users: verified mail address, or subject"}, other.users);
  list(f, {"agents", "for these client ids"}, other.agents);
  list(f, {"groups", "for callers in any of these groups"}, other.groups);
  list(f, {"roles", "for callers with any of these roles"}, other.roles);
  describe_set(f, other.set);
}

void describe_arguments(Fields& f, ArgumentPlaces& places) {
  list(f, {"paths", "where paths are, such as `/path` or `/files/*/path`; absent: wherever one is found"}, places.paths);
  list(f, {"urls", "the same for URLs"}, places.urls);
  list(f, {"commands", "the same for commands"}, places.commands);
  list(f, {"sql", "the same for SQL"}, places.sql);
}

void plain(Fields& f, const Key& key, const Form& form, std::string& out) {
  Located<std::string> value;
  if (f.text(key, form, value)) out = std::move(value.value);
}

void describe_server(Fields& f, ServerPermission& server) {
  describe_set(f, server.set);
  f.section({"arguments", ""}, [&](Fields& in) { describe_arguments(in, server.arguments); });
  plain(f, {"base", "the folder that relative paths begin at there; without it they match `./…` only"}, kPath, server.base);
  plain(f, {"home", "the folder that `~` stands for there; without it `~` matches `~/…` only"}, kPath, server.home);
  plain(f, {"i_accept", "why an entry that means everything (`/`, `**`, `*`) is wanted; without it such an entry is an error"},
        kText, server.i_accept);
  f.list({"overrides", "other permissions for some callers; the first that fits"}, [&](Fields& in, const Position& where) {
    PermissionOverride other;
    other.where = where;
    describe_override(in, other);
    server.overrides.push_back(std::move(other));
  });
}

}  // namespace

void describe_permissions(Fields& f, std::optional<Permissions>& out) {
  if (f.shape("permissions") == Fields::Shape::map) out.emplace();
  f.table({"permissions", "what arguments may reach, by server; a server without an entry may only select"}, kServerName,
          [&](Fields& in, const Located<std::string>& name) {
            ServerPermission server;
            server.where = name.where;
            describe_server(in, server);
            if (out) out->insert_or_assign(name.value, std::move(server));
          });
}

}  // namespace durward::config
