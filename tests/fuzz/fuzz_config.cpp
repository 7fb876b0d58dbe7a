#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/load.hpp"

namespace {

// A value exactly where there is no error, every position inside the file, and every diagnostic renderable.
template <class T>
void judge(const durward::config::Loaded<T>& loaded, std::string_view text) {
  if (loaded.value.has_value() == durward::config::has_errors(loaded.diagnostics)) std::abort();
  for (const auto& diagnostic : loaded.diagnostics) {
    const auto most = static_cast<long long>(text.size()) + 2;
    if (diagnostic.where.line < 0 || diagnostic.where.line > most) std::abort();
    if (diagnostic.where.column < 0 || diagnostic.where.column > most) std::abort();
    if (diagnostic.message.empty()) std::abort();
  }
  if (render(loaded).empty() != loaded.diagnostics.empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  judge(durward::config::parse_settings(text, "durward.yaml", "/base"), text);
  judge(durward::config::parse_policy(text, "policy.yaml"), text);
  return 0;
}
