#pragma once
#include <cstddef>
#include <string_view>

namespace durward::config {

/// Bytes in memory of their own (config/vault) that are wiped when they go, and that no formatter or stream accepts. Move-only
/// in spirit: copies are explicit.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes);
  Secret(const Secret& other) : Secret(other.reveal()) {}
  Secret(Secret&& other) noexcept { swap(other); }
  Secret& operator=(Secret other) noexcept {
    swap(other);
    return *this;
  }
  ~Secret();
  std::string_view reveal() const { return {bytes_, size_}; }  // the one way in: grep for it
  bool empty() const { return size_ == 0; }

 private:
  void swap(Secret& other) noexcept;
  char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace durward::config
