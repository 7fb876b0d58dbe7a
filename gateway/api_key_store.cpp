#include "gateway/api_key_store.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "audit/descriptor.hpp"
#include "audit/key_files.hpp"
#include "config/load.hpp"
#include "config/secret_ref.hpp"
#include "gateway/authn_methods.hpp"

namespace durward::gateway {

using policy::Outcome;

namespace {

namespace fs = std::filesystem;
using audit::Descriptor;

std::string because(const std::string& path, const char* what) { return path + ": " + what + ": " + std::strerror(errno); }

fs::path folder_of(const std::string& path) { return fs::absolute(path).parent_path(); }

/// Two who change the file at once do so one after the other.
Outcome<Descriptor, std::string> lock_folder(const std::string& path) {
  const std::string folder = folder_of(path).string();
  Descriptor out(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!out) return because(folder, "cannot be opened");
  if (::flock(out.get(), LOCK_EX) != 0) return because(folder, "cannot be locked");
  return out;
}

bool exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

Outcome<authn::ApiKeyFile, std::string> read(const std::string& path) {
  const config::SecretRead text = config::read_secret_file(path, authn::kApiKeyFileBytes);
  if (!text.secret) return path + ": " + text.problem;
  auto file = authn::ApiKeyFile::parse(text.secret->reveal());
  if (!file) return path + ": " + file.error();
  return file;
}

/// In the old one's place, at once and for good; whoever could read that can read the new one.
Outcome<void, std::string> replace(const std::string& path, const authn::ApiKeyFile& file, const Descriptor& folder) {
  const std::string target = exists(path) ? fs::canonical(path).string() : path;
  const std::string next = target + ".new";
  ::unlink(next.c_str());  // of a run that was cut off
  const Descriptor out(::open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!out) return because(next, "cannot be created");
  struct stat old {};
  const bool known = ::stat(target.c_str(), &old) == 0;
  const bool owned =
      !known || (::fchown(out.get(), old.st_uid, old.st_gid) == 0 && ::fchmod(out.get(), old.st_mode & 0640) == 0);
  if (!owned || !audit::write_all(out.get(), file.to_json()) || ::fsync(out.get()) != 0 ||
      ::rename(next.c_str(), target.c_str()) != 0 || ::fsync(folder.get()) != 0) {
    const std::string problem = because(target, "cannot be replaced");
    ::unlink(next.c_str());
    return problem;
  }
  return {};
}

std::int64_t unix_s() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

std::string new_id(const authn::ApiKeyFile& file) {
  constexpr std::string_view kBytes = "abcdefghijklmnopqrstuvwxyz0123456789";
  for (;;) {
    std::string id(12, '\0');
    for (char& c : id) c = kBytes[randombytes_uniform(kBytes.size())];
    const bool taken = std::any_of(file.keys.begin(), file.keys.end(), [&](const auto& entry) { return entry.id == id; });
    if (!taken) return id;
  }
}

}  // namespace

Outcome<ApiKeyPlace, std::string> find_api_keys(const std::string& config, const std::string& file) {
  auto loaded = config::load_settings(config);
  if (!loaded.value) return config::render(loaded) + config + ": cannot be used";
  std::vector<const config::ApiKeyAuthn*> all;
  for (const config::Authn* authn : {&loaded.value->authn, &loaded.value->admin.authn})
    for (const config::ApiKeyAuthn& one : authn->api_key) all.push_back(&one);
  const std::string wanted = file.empty() ? file : fs::absolute(file).lexically_normal().string();
  std::erase_if(all,
                [&](const auto* one) { return !wanted.empty() && fs::path(one->file.value).lexically_normal() != wanted; });
  if (all.empty())
    return config + (file.empty() ? ": no item of authn holds api_key" : ": no api_key of authn names the file " + file);
  const bool several =
      std::any_of(all.begin(), all.end(), [&](const auto* one) { return one->file.value != all[0]->file.value; });
  if (several) return config + ": names several files of API keys; choose one with --file";
  return ApiKeyPlace{all[0]->file.value, loaded.value->ledger.keyring.value, all[0]->tenants};
}

Outcome<config::Secret, std::string> add_api_key(const ApiKeyPlace& place, authn::ApiKeyEntry wanted,
                                                 std::optional<std::int64_t> expires) {
  if (!wanted.tenant.empty() && !authn::TenantRule(place.tenants).may_assert(wanted.tenant))
    return "the tenant " + wanted.tenant + " is not one of api_key.tenants";
  TRY(const audit::Keyring keyring, audit::load_keyring(place.keyring, place.keyring));
  if (keyring.apikey.empty()) return std::string("the keyring has no key for API keys (`apikey`)");
  TRY(const Descriptor lock, lock_folder(place.file));
  authn::ApiKeyFile file;
  if (exists(place.file)) {
    TRY(file, read(place.file));
  }
  if (file.keys.size() >= authn::kApiKeys) return place.file + ": is full";
  std::string random(32, '\0');
  randombytes_buf(random.data(), random.size());
  authn::NewApiKey made = authn::make_api_key(new_id(file), random, hash_keys(keyring).back());
  sodium_memzero(random.data(), random.size());
  wanted.id = made.entry.id;
  wanted.hash = made.entry.hash;
  wanted.hash_key = made.entry.hash_key;
  wanted.created = unix_s();
  if (expires) wanted.expires = wanted.created + *expires;
  file.keys.push_back(std::move(wanted));
  // What is written must be readable: a subject that is too long is found out here.
  if (auto good = authn::ApiKeyFile::parse(file.to_json()); !good) return good.error();
  if (auto replaced = replace(place.file, file, lock); !replaced) return std::move(replaced).error();
  return std::move(made.text);
}

Outcome<std::vector<authn::ApiKeyEntry>, std::string> list_api_keys(const ApiKeyPlace& place) {
  TRY(authn::ApiKeyFile file, read(place.file));
  return std::move(file.keys);
}

Outcome<void, std::string> revoke_api_key(const ApiKeyPlace& place, const std::string& id) {
  TRY(const Descriptor lock, lock_folder(place.file));
  TRY(authn::ApiKeyFile file, read(place.file));
  if (std::erase_if(file.keys, [&](const auto& entry) { return entry.id == id; }) == 0)
    return place.file + ": holds no key with the id " + id;
  return replace(place.file, file, lock);
}

}  // namespace durward::gateway
