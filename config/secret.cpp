#include "config/secret.hpp"

#include <cstring>
#include <utility>

#include "config/vault.hpp"

namespace durward::config {

Secret::Secret(std::string_view bytes) {
  if (bytes.empty()) return;
  bytes_ = vault::take(bytes.size());
  size_ = bytes.size();
  std::memcpy(bytes_, bytes.data(), size_);
}

Secret::~Secret() {
  if (bytes_ != nullptr) vault::give(bytes_, size_);
}

void Secret::swap(Secret& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(size_, other.size_);
}

}  // namespace durward::config
