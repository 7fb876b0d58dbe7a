#pragma once
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>

namespace durward::tests {

/// A folder of the third-party test material, or nothing, after one line that says why the case is skipped.
inline std::optional<std::filesystem::path> corpus(const std::string& name) {
  const char* root = std::getenv("DURWARD_CORPORA");
  if (root == nullptr || *root == '\0') {
    std::cout << "skipped: DURWARD_CORPORA is not set, so the corpus " << name << " is not read\n";
    return std::nullopt;
  }
  return std::filesystem::path(root) / name;
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace durward::tests
