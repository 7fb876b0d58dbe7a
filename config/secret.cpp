#include "config/secret.hpp"

#include <sodium.h>

#include <algorithm>

namespace durward::config {
namespace {

// Longer than any std::string keeps inside itself: a move then hands over a pointer and leaves no copy behind.
constexpr std::size_t kOnHeap = 64;

void wipe(std::string& bytes) {
  bytes.resize(bytes.capacity());
  sodium_memzero(bytes.data(), bytes.size());
}

}  // namespace

Secret::Secret(std::string_view bytes) {
  if (bytes.empty()) return;
  bytes_.reserve(std::max(bytes.size(), kOnHeap));
  bytes_.assign(bytes);
}

Secret::Secret(const Secret& other) : Secret(other.reveal()) {}

Secret::Secret(Secret&& other) noexcept { bytes_.swap(other.bytes_); }

Secret& Secret::operator=(Secret other) noexcept {
  bytes_.swap(other.bytes_);
  return *this;
}

Secret::~Secret() { wipe(bytes_); }

}  // namespace durward::config
