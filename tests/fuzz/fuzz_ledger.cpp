#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/chain.hpp"
#include "audit/line.hpp"
#include "policy/canonical.hpp"
#include "policy/json.hpp"

/// Lines from anywhere: reading them must not crash, and whatever the one-pass scanner takes, the general parser and
/// RFC 8785 must take too, byte for byte. No input can hold a batch that the key really signed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace durward;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  audit::LineReader reader;
  audit::Scanner scanner;
  audit::Chain chain(std::string(32, '\x42'));
  chain.begin_anywhere();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (scanner.object(text)) {
      json::Limits deep;
      deep.depth = text.size() + 1;
      const auto document = json::Document::parse(std::string(text), deep);
      if (!document) std::abort();
      const auto canonical = json::jcs(document->root());
      if (!canonical || *canonical != text) std::abort();
    }
    if (const auto line = reader.read(text)) {
      if (!chain.feed(*line) && chain.whole()) std::abort();
    }
  }
  return 0;
}
