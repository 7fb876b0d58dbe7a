#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "config/load.hpp"

namespace durward::config {
namespace {

// Empty if nobody but root and this process's user can change it.
std::string fault(const std::filesystem::path& path, std::string_view what) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return fmt::format("cannot examine the {}: {}", what, std::error_code(errno, std::generic_category()).message());
  }
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    return fmt::format("the {} {} must belong to root or to the gateway's user, not to user {}", what, path.string(),
                       status.st_uid);
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) == 0) return {};
  return fmt::format("the {} {} must not be writable by its group or by others (mode {:04o}): chmod go-w", what, path.string(),
                     status.st_mode & 07777U);
}

}  // namespace

std::optional<Diagnostic> check_ownership(const std::string& path) {
  namespace fs = std::filesystem;
  const auto refuse = [&](std::string message) { return Diagnostic{Severity::error, {path, 0, 0}, std::move(message)}; };
  std::error_code error, ignored;
  fs::path real = fs::canonical(path, error);
  const bool absent = error && fs::symlink_status(path, ignored).type() == fs::file_type::not_found;
  if (absent) {
    // Whoever reads the file says so; but nobody else may be able to put one there in between.
    const fs::path folder = fs::canonical(fs::absolute(path, ignored).parent_path(), error);
    if (error) return std::nullopt;
    real = folder / fs::path(path).filename();
  }
  if (error) return refuse("cannot find the file: " + error.message());
  std::string problem = absent ? std::string() : fault(real, "file");
  if (problem.empty()) problem = fault(real.parent_path(), "directory");
  if (problem.empty()) return std::nullopt;
  return refuse(std::move(problem));
}

}  // namespace durward::config
