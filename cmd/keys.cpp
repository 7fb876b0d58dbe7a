#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "audit/key_files.hpp"
#include "audit/platform.hpp"
#include "audit/time.hpp"
#include "cmd/command.hpp"

namespace durward::cmd {
namespace {

constexpr const char* kDefaultKey = ".durward/keys/ed25519.key";

struct Init {
  std::string out = kDefaultKey;
  std::string origin;
  std::vector<std::string> tenants;
};

int fail(const std::string& why) {
  fmt::print(stderr, "durward keys: {}\n", why);
  return 2;
}

int init(const Init& options) {
  const auto made =
      audit::init_keys(options.out, options.origin, options.tenants, audit::format_time(audit::real_platform().unix_ms()));
  if (!made) return fail(made.error());
  fmt::print("signing key  {}\norigin       {}\nkey id       {}\n{}{}\n", made->path, made->origin,
             audit::key_id(made->public_key), audit::public_pem(made->public_key),
             audit::verifier_key(made->origin, made->public_key));
  return 0;
}

/// The origin stands beside the key; a key from the environment has none, and its C2SP form then names the default.
std::string origin_beside(const std::string& reference) {
  const auto file = audit::file_of(reference);
  if (!file) return {};
  auto text = audit::read_text_file((file->parent_path() / "origin").string(), 256);
  if (!text) return {};
  std::string origin = text->value;
  while (!origin.empty() && origin.back() == '\n') origin.pop_back();
  return audit::valid_origin(origin) ? origin : std::string{};
}

int show_public(const std::string& key, std::string origin) {
  const bool is_reference = key.find("://") != std::string::npos;
  const std::string reference = is_reference ? key : "file://" + std::filesystem::absolute(key).string();
  const auto loaded = audit::load_signing_key(reference);
  if (!loaded) return fail(loaded.error());
  if (origin.empty()) origin = origin_beside(reference);
  if (!audit::valid_origin(origin)) return fail("no origin stands beside the key; name it with --origin");
  fmt::print("{}\n{}{}\n", loaded->kid(), audit::public_pem(loaded->public_key()),
             audit::verifier_key(origin, loaded->public_key()));
  return 0;
}

}  // namespace

void add_keys(CLI::App& app, int& exit_code) {
  CLI::App* keys =
      app.add_subcommand("keys", "Make signing keys, and show their public half; API keys of agents")->require_subcommand(1);
  add_api_key(*keys, exit_code);

  CLI::App* make =
      keys->add_subcommand("init", "Make a signing key, with a keyring and an origin beside it; never replaces a key");
  auto options = std::make_shared<Init>();
  make->add_option("--out", options->out, "The signing key's file")->capture_default_str();
  make->add_option("--origin", options->origin,
                   "The ledger's name, for example gateway.example.com/ledger (default: a random one)");
  make->add_option("--tenant", options->tenants, "A tenant that gets commitment keys of its own (may be repeated)");
  make->callback([options, &exit_code] { exit_code = init(*options); });

  CLI::App* show = keys->add_subcommand("public", "Print key id, PEM and C2SP verifier key, nothing else");
  auto key = std::make_shared<std::string>(kDefaultKey);
  auto origin = std::make_shared<std::string>();
  show->add_option("--key", *key, "The signing key: a file, file:///path or env://NAME")->capture_default_str();
  show->add_option("--origin", *origin, "The ledger's name, where no file `origin` stands beside the key");
  show->callback([key, origin, &exit_code] { exit_code = show_public(*key, *origin); });
}

}  // namespace durward::cmd
