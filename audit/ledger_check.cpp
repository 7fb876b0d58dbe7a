#include "audit/ledger_check.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "audit/descriptor.hpp"
#include "audit/recovery.hpp"

namespace durward::audit {
namespace {

/// Whether the folder, which is there, can be used as Ledger::open does.
policy::Outcome<void, std::string> check_folder(const std::string& dir) {
  const auto refuse = [&] { return dir + ": cannot be opened: " + std::strerror(errno); };
  const Descriptor folder(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return refuse();
  const Descriptor lock(::open((dir + "/lock").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (lock) return {};
  if (errno != ENOENT || ::faccessat(AT_FDCWD, dir.c_str(), W_OK | X_OK, AT_EACCESS) != 0) return refuse();
  return {};
}

}  // namespace

policy::Outcome<Text, std::string> wanted_origin(const config::Ledger& settings) {
  const std::string& wanted = settings.origin;
  if (!wanted.empty() && !valid_origin(wanted)) return "`ledger.origin` " + wanted + " is not a valid origin";
  if (!wanted.empty()) return Text{wanted};
  if (auto key = file_of(settings.key_ref.value)) {
    TRY(const std::optional<Text> beside, kept_origin((key->parent_path() / "origin").string(), {}));
    if (beside) return *beside;
  }
  return Text{};
}

policy::Outcome<void, std::string> check_commit_key(const Keyring& keyring) {
  const auto nobody = keyring.commit.find("");
  if (nobody == keyring.commit.end() || nobody->second.empty())
    return std::string("keyring: `commit` has no key for the tenant \"\"");
  return {};
}

policy::Outcome<void, std::string> check_ledger(const config::Ledger& settings, std::string_view public_key,
                                                const Keyring& keyring) {
  const std::string& dir = settings.dir.value;
  if (auto committing = check_commit_key(keyring); !committing) return committing;
  if (auto folders = could_make_folders(dir); !folders) return folders;
  struct stat info {};
  const bool there = ::lstat(dir.c_str(), &info) == 0;
  if (there) {
    if (auto usable = check_folder(dir); !usable) return usable;
  }
  TRY(const Text wanted, wanted_origin(settings));
  TRY(const std::optional<Text> kept, kept_origin(dir + "/origin", wanted.value));
  if (kept) return check_log(dir, kept->value, public_key);
  return {};
}

}  // namespace durward::audit
