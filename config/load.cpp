#include "config/load.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "config/checks.hpp"
#include "config/reader.hpp"

namespace durward::config {
namespace {

// O_NONBLOCK: a FIFO in the file's place must not hold the start.
std::string read_file(const std::string& path, Report& report) {
  const auto fail = [&](const std::string& why) {
    report.error(report.at(0, 0), "cannot read the file: " + why);
    return std::string();
  };
  const auto reason = [] { return std::error_code(errno, std::generic_category()).message(); };
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return fail(reason());
  struct Closer {
    int fd;
    ~Closer() { ::close(fd); }
  } const closer{fd};
  struct stat status {};
  if (::fstat(fd, &status) != 0) return fail(reason());
  if (!S_ISREG(status.st_mode)) return fail("it is not a regular file");
  std::string text;
  std::array<char, 16384> chunk{};
  while (text.size() <= kFileBytes) {
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got == 0) return text;
    if (got < 0 && errno != EINTR) return fail(reason());
    if (got > 0) text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return text;  // too large: parse_document says so
}

template <class T>
Loaded<T> finish(T value, Report& report, std::string_view source) {
  Loaded<T> out;
  (report.failed() ? out.partial : out.value) = std::move(value);
  out.diagnostics = report.take();
  out.source = source;
  return out;
}

Settings read_settings(std::string_view text, Report& report, const std::string& base_dir) {
  Settings settings;
  settings.file = report.file();
  read_document(text, settings, report);
  check(settings, report);
  settle_paths(settings, base_dir, report);
  return settings;
}

PolicySettings read_policy(std::string_view text, Report& report) {
  PolicySettings policy;
  policy.file = report.file();
  read_document(text, policy, report);
  return policy;
}

}  // namespace

Loaded<Settings> parse_settings(std::string_view text, const std::string& file_name, const std::string& base_dir) {
  Report report(file_name);
  Settings settings = read_settings(text, report, base_dir);
  return finish(std::move(settings), report, text);
}

Loaded<PolicySettings> parse_policy(std::string_view text, const std::string& file_name) {
  Report report(file_name);
  PolicySettings policy = read_policy(text, report);
  return finish(std::move(policy), report, text);
}

Loaded<Settings> load_settings(const std::string& path) {
  Report report(path);
  const std::string text = read_file(path, report);
  if (report.failed()) return finish(Settings{}, report, {});
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  if (error) report.error(report.at(0, 0), "cannot tell the file's directory: " + error.message());
  Settings settings = read_settings(text, report, absolute.parent_path().string());
  expand_credentials(settings, std::getenv("CREDENTIALS_DIRECTORY"), report);
  return finish(std::move(settings), report, text);
}

Loaded<PolicySettings> load_policy(const std::string& path) {
  Report report(path);
  const std::string text = read_file(path, report);
  if (report.failed()) return finish(PolicySettings{}, report, {});
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  if (error) report.error(report.at(0, 0), "cannot tell the file's directory: " + error.message());
  PolicySettings policy = read_policy(text, report);
  settle_paths(policy, absolute.parent_path().string());
  return finish(std::move(policy), report, text);
}

}  // namespace durward::config
