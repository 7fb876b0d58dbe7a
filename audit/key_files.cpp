#include "audit/key_files.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "audit/descriptor.hpp"
#include "config/secret_ref.hpp"

namespace durward::audit {
namespace {

namespace fs = std::filesystem;
using Problem = policy::Outcome<void, std::string>;

std::string because(const std::string& path, const char* what) { return path + ": " + what + ": " + std::strerror(errno); }

policy::Outcome<fs::path, std::string> resolve(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  if (!real) return because(path, "cannot be opened");
  return fs::path(real.get());
}

/// A folder list from the environment; a file must lie below one of them. An unset variable confines nothing.
Problem check_confined(const std::string& real) {
  const char* dirs = std::getenv("DURWARD_KEY_DIRS");
  const char* name = dirs != nullptr ? "DURWARD_KEY_DIRS" : "SEC0_SIGNER_KEY_DIRS";
  if (dirs == nullptr) dirs = std::getenv(name);
  if (dirs == nullptr) return {};
  std::string_view rest = dirs;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    auto folder = resolve(std::string(rest.substr(0, end)));
    if (folder && (*folder == "/" || real.rfind(folder->string() + "/", 0) == 0)) return {};
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return real + ": is not below a folder that " + name + " names";
}

policy::Outcome<SigningKey, std::string> parse_key(std::string_view text, const std::string& where) {
  auto key = SigningKey::parse(text);
  if (!key) return where + ": " + key.error();
  return key;
}

}  // namespace

policy::Outcome<config::Secret, std::string> read_key_file(const std::string& path) {
  config::SecretRead read = config::read_secret_file(path);
  if (!read.secret) return read.place + ": " + read.problem;
  return *std::move(read.secret);
}

policy::Outcome<fs::path, std::string> file_of(const std::string& reference, const std::string& base) {
  const config::RefFile file = config::file_of_ref(reference, base);
  if (file.path.empty()) return reference + ": " + file.problem;
  return fs::path(file.path);
}

policy::Outcome<SigningKey, std::string> load_signing_key(const std::string& key_ref, const std::string& base) {
  if (key_ref.rfind("env://", 0) == 0) {
    const config::SecretRead read = config::read_secret_ref(key_ref);
    if (!read.secret) return read.place + ": " + read.problem;
    return parse_key(read.secret->reveal(), key_ref);
  }
  TRY(const fs::path path, file_of(key_ref, base));
  TRY(const fs::path resolved, resolve(path.string()));
  const std::string real = resolved.string();
  if (auto confined = check_confined(real); !confined) return std::move(confined).error();
  TRY(const config::Secret text, read_key_file(real));
  return parse_key(text.reveal(), real);
}

policy::Outcome<Keyring, std::string> load_keyring(const std::string& keyring_ref, const std::string& key_ref,
                                                   const std::string& base) {
  fs::path path;
  if (!keyring_ref.empty()) {
    TRY(path, file_of(keyring_ref, base));
  } else if (auto key = file_of(key_ref, base)) {
    path = key->parent_path() / "keyring.json";
  } else {
    return std::string("`keyring` must name a file where the signing key is not one");
  }
  TRY(const config::Secret text, read_key_file(path.string()));
  auto ring = Keyring::parse(text.reveal());
  if (!ring) return path.string() + ": " + ring.error();
  return ring;
}

policy::Outcome<Text, std::string> read_text_file(const std::string& path, std::size_t at_most) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return because(path, "cannot be opened");
  std::string text;
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return because(path, "cannot be read");
    if (got == 0) return Text{text};
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() > at_most) return path + ": is too large";
  }
}

policy::Outcome<void, std::string> create_file(const std::string& path, std::string_view content, unsigned mode) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file) return because(path, "cannot be created");
  if (::fchmod(file.get(), mode) != 0 || !write_all(file.get(), content) || ::fsync(file.get()) != 0)
    return because(path, "cannot be written");
  const std::string folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path().string() : ".";
  const Descriptor parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || ::fsync(parent.get()) != 0) return because(folder, "cannot be made durable");
  return {};
}

}  // namespace durward::audit
