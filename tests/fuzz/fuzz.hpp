#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

/// What the targets share. A target is one LLVMFuzzerTestOneInput: libFuzzer drives it, and replay.cpp in the normal tests.
namespace durward::fuzz {

/// An invariant of the code under test. It ends the process, which is how libFuzzer learns of it.
inline void must(bool holds) {
  if (!holds) std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Takes the first line off text, without its newline.
inline std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace durward::fuzz
