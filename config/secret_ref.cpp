#include "config/secret_ref.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "config/descriptor.hpp"
#include "config/vault.hpp"

namespace durward::config {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kFile = "file://", kEnvironment = "env://", kCredentials = "${CREDENTIALS_DIRECTORY}/";

SecretRead refused(std::string place, RefFault fault, std::string problem) {
  return {std::nullopt, fault, std::move(problem), std::move(place)};
}

std::string because(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

bool own_group(gid_t group) {
  if (group == ::getegid() || group == ::getgid()) return true;
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
  const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  return count > 0 && std::find(groups.begin(), groups.begin() + count, group) != groups.begin() + count;
}

bool trusted(uid_t owner) { return owner == 0 || owner == ::geteuid(); }

/// Why the secret is not one, or nothing.
std::optional<SecretRead> check_access(const std::string& path, const struct stat& info) {
  if (!S_ISREG(info.st_mode)) return refused(path, RefFault::unsuitable, "is not a regular file");
  if (!trusted(info.st_uid)) return refused(path, RefFault::exposed, "belongs to another user; use chown");
  if ((info.st_mode & S_IRWXO) != 0) return refused(path, RefFault::exposed, "others can access this secret; use chmod 600");
  if ((info.st_mode & S_IRWXG) != 0 && !(info.st_uid == 0 && own_group(info.st_gid)))
    return refused(path, RefFault::exposed, "the group can access this secret; use chmod 600");
  const std::string folder = fs::path(path).parent_path().string();
  struct stat parent {};
  if (::stat(folder.c_str(), &parent) != 0)
    return refused(folder, RefFault::missing, because("the secret's folder cannot be examined"));
  if ((parent.st_mode & S_IWOTH) != 0 && (parent.st_mode & S_ISVTX) == 0)
    return refused(folder, RefFault::exposed, "others can write in the folder of this secret; use chmod o-w");
  return std::nullopt;
}

/// Memory of the vault, for as long as it is read into.
class Room {
 public:
  explicit Room(std::size_t size) : size_(size), bytes_(vault::take(size)) {}
  ~Room() { vault::give(bytes_, size_); }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  char* data() { return bytes_; }

 private:
  const std::size_t size_;
  char* const bytes_;
};

SecretRead read_open(const std::string& path, const Descriptor& file, std::size_t most) {
  Room room(most + 1);
  std::size_t size = 0;
  while (size <= most) {
    const ssize_t got = ::read(file.get(), room.data() + size, most + 1 - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused(path, RefFault::missing, because("cannot be read"));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > most) return refused(path, RefFault::unsuitable, "is too large");
  if (size == 0) return refused(path, RefFault::unsuitable, "is empty");
  return {Secret(std::string_view(room.data(), size)), {}, {}, path};
}

SecretRead read_variable(const std::string& reference, std::size_t most) {
  const char* const text = std::getenv(reference.c_str() + kEnvironment.size());
  if (text == nullptr || *text == '\0') return refused(reference, RefFault::missing, "the environment variable is not set");
  const std::string_view view = text;
  if (view.size() > most) return refused(reference, RefFault::unsuitable, "is too large");
  return {Secret(view), {}, {}, reference};
}

}  // namespace

RefFile file_of_ref(const std::string& reference, const std::string& base) {
  if (reference.rfind(kFile, 0) != 0) return {{}, "is not a file:// reference"};
  std::string path = reference.substr(kFile.size());
  if (path.rfind(kCredentials, 0) == 0) {
    const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr) return {{}, "CREDENTIALS_DIRECTORY is not set"};
    path = std::string(folder) + "/" + path.substr(kCredentials.size());
  }
  if (path.empty() || path.find('\0') != std::string::npos) return {{}, "names no file"};
  if (path.front() == '/') return {path, {}};
  if (base.empty()) return {{}, "must name an absolute path"};
  return {(fs::path(base) / path).lexically_normal().string(), {}};
}

SecretRead read_secret_file(const std::string& path, std::size_t most) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  if (!real) return refused(path, RefFault::missing, because("cannot be opened"));
  const Descriptor file(::open(real.get(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) return refused(real.get(), RefFault::missing, because("cannot be opened"));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return refused(real.get(), RefFault::missing, because("cannot be examined"));
  if (auto problem = check_access(real.get(), info)) return *std::move(problem);
  return read_open(real.get(), file, most);
}

SecretRead read_secret_ref(const std::string& reference, std::size_t most, const std::string& base) {
  if (reference.rfind(kEnvironment, 0) == 0) return read_variable(reference, most);
  if (reference.rfind(kFile, 0) != 0) return refused(reference, RefFault::unsupported, "is no reference of a known kind");
  const RefFile file = file_of_ref(reference, base);
  if (file.path.empty()) return refused(reference, RefFault::missing, file.problem);
  return read_secret_file(file.path, most);
}

SecretRead read_secret_text(const std::string& reference, std::size_t most) {
  SecretRead read = read_secret_ref(reference, most + 2);
  if (!read.secret) return read;
  std::string_view text = read.secret->reveal();
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  if (text.size() + 1 == read.secret->reveal().size() && !text.empty() && text.back() == '\r') text.remove_suffix(1);
  if (text.empty()) return refused(read.place, RefFault::unsuitable, "is empty");
  if (text.size() > most) return refused(read.place, RefFault::unsuitable, "is too large");
  read.secret = Secret(text);
  return read;
}

}  // namespace durward::config
