#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "policy/canonical.hpp"

namespace {

using durward::json::Document;

void require(bool good) {
  if (!good) std::abort();
}

/// A double reads back from its text, which is the shortest.
void try_number(const std::uint8_t* data, std::size_t size) {
  double value = 0;
  if (size < sizeof value) return;
  std::memcpy(&value, data, sizeof value);
  if (!std::isfinite(value)) return;
  const std::string text = durward::json::number(value);
  double back = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), back);
  require(read.ptr == text.data() + text.size() && back == value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try_number(data, size);
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto parsed = Document::parse(text);
  const std::string quoted = durward::json::quote(text);
  const auto string = Document::parse(quoted);
  require(static_cast<bool>(string));
  require(!parsed || durward::json::x(string->root()) == quoted);
  if (!parsed) return 0;
  const std::string exact = durward::json::x(parsed->root());
  const auto again = Document::parse(exact);
  require(again && durward::json::x(again->root()) == exact);
  const auto plain = durward::json::jcs(parsed->root());
  const auto plain_of_exact = durward::json::jcs(again->root());
  require(static_cast<bool>(plain) == static_cast<bool>(plain_of_exact));
  if (!plain) return 0;
  require(*plain == *plain_of_exact);
  const auto reread = Document::parse(*plain);
  require(static_cast<bool>(reread));
  const auto twice = durward::json::jcs(reread->root());
  require(twice && *twice == *plain);
  return 0;
}
