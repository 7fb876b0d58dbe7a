#pragma once
#include <string>
#include <string_view>

namespace durward::config {

/// Bytes that are wiped when they go, and that no formatter or stream accepts. Move-only in spirit: copies are explicit.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes);
  Secret(const Secret& other);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret other) noexcept;
  ~Secret();
  std::string_view reveal() const { return bytes_; }  // the one way in: grep for it
  bool empty() const { return bytes_.empty(); }

 private:
  std::string bytes_;
};

}  // namespace durward::config
