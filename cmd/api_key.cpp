#include <fmt/core.h>

#include <chrono>
#include <memory>

#include "audit/time.hpp"
#include "cmd/command.hpp"
#include "config/fields.hpp"
#include "gateway/api_key_store.hpp"

namespace durward::cmd {
namespace {

struct Options {
  std::string config = "durward.yaml";
  std::string file;
  std::string id;
  std::string expires;
  authn::ApiKeyEntry entry;
};

int fail(const std::string& why) {
  fmt::print(stderr, "durward keys api-key: {}\n", why);
  return 2;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ",") + word;
  return out.empty() ? "-" : out;
}

int make(const Options& options) {
  std::optional<std::int64_t> expires;
  if (!options.expires.empty()) {
    const config::Measured measured = config::measure(options.expires, config::Unit::s);
    if (!measured.value || *measured.value == 0) return fail("--expires must be a duration such as 90d");
    expires = static_cast<std::int64_t>(*measured.value);
  }
  const auto place = gateway::find_api_keys(options.config, options.file);
  if (!place) return fail(place.error());
  const auto key = gateway::add_api_key(*place, options.entry, expires);
  if (!key) return fail(key.error());
  fmt::print("{}\n", std::string_view(key->reveal()));
  fmt::print(stderr,
             "This is the only time that the key is shown. {} holds its hash; SIGHUP makes a running gateway read it.\n",
             place->file);
  return 0;
}

int list(const Options& options) {
  const auto place = gateway::find_api_keys(options.config, options.file);
  if (!place) return fail(place.error());
  const auto keys = gateway::list_api_keys(*place);
  if (!keys) return fail(keys.error());
  const auto time = [](std::int64_t seconds) { return audit::format_time(seconds * 1000); };
  for (const authn::ApiKeyEntry& one : *keys)
    fmt::print("{} subject={} tenant={} roles={} groups={} scopes={} created={} expires={}\n", one.id, one.subject,
               one.tenant.empty() ? "-" : one.tenant, joined(one.roles), joined(one.groups), joined(one.scopes),
               time(one.created), one.expires ? time(*one.expires) : "never");
  return 0;
}

int revoke(const Options& options) {
  const auto place = gateway::find_api_keys(options.config, options.file);
  if (!place) return fail(place.error());
  const auto done = gateway::revoke_api_key(*place, options.id);
  if (!done) return fail(done.error());
  fmt::print("revoked {}; SIGHUP makes a running gateway forget it\n", options.id);
  return 0;
}

void add_place(CLI::App& command, Options& options) {
  command.add_option("-c,--config", options.config, "The configuration")->capture_default_str();
  command.add_option("--file", options.file, "The file of API keys, where the configuration names several");
}

}  // namespace

void add_api_key(CLI::App& keys, int& exit_code) {
  CLI::App* group = keys.add_subcommand("api-key", "Make, list and revoke the API keys of agents")->require_subcommand(1);
  auto options = std::make_shared<Options>();

  CLI::App* create = group->add_subcommand("new", "Make a key and print it, once");
  add_place(*create, *options);
  create->add_option("--subject", options->entry.subject, "Whose key it is: the name in policies and records")->required();
  create->add_option("--tenant", options->entry.tenant, "The holder's tenant (default: the policy's)");
  create->add_option("--role", options->entry.roles, "A role of the holder (may be repeated)");
  create->add_option("--group", options->entry.groups, "A group of the holder (may be repeated)");
  create->add_option("--scope", options->entry.scopes, "A scope of the key (may be repeated)");
  create->add_option("--expires", options->expires, "After how long it ends, such as 90d (default: never)");
  create->callback([options, &exit_code] { exit_code = make(*options); });

  CLI::App* show = group->add_subcommand("list", "List the keys: everything but the keys themselves");
  add_place(*show, *options);
  show->callback([options, &exit_code] { exit_code = list(*options); });

  CLI::App* end = group->add_subcommand("revoke", "Take a key back");
  add_place(*end, *options);
  end->add_option("id", options->id, "The key's id: the 12 characters after dw_")->required();
  end->callback([options, &exit_code] { exit_code = revoke(*options); });
}

}  // namespace durward::cmd
