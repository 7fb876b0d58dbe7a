#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "gateway/sse.hpp"

// The same stream, whole and in chunks that the first byte chooses: the same events, and no byte lost.
namespace {

using namespace durward::gateway;

struct Read {
  bool good = true;
  std::string raw;
  std::vector<SseEvent> events;  // with data
};

Read read(std::string_view stream, std::size_t chunk) {
  SseParser parser(4096);
  Read out;
  while (!stream.empty() && out.good) {
    const std::size_t take = std::min(chunk, stream.size());
    out.good = static_cast<bool>(parser.feed(stream.substr(0, take)));
    stream.remove_prefix(take);
    while (auto event = parser.next()) {
      out.raw += event->raw;
      if (event->has_data) out.events.push_back(*event);
    }
  }
  return out;
}

bool same(const SseEvent& a, const SseEvent& b) {
  return a.data == b.data && a.event == b.event && a.id == b.id && a.has_id == b.has_id;
}

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Read whole = read(stream, stream.size());
  const Read parts = read(stream, std::size_t{1} + data[0] % 16);
  must(stream.starts_with(whole.raw) && stream.starts_with(parts.raw));
  must(whole.good == parts.good);
  must(std::equal(whole.events.begin(), whole.events.end(), parts.events.begin(), parts.events.end(), same));
  for (const SseEvent& event : whole.events) {
    // A byte order mark counts at the start of a stream only: an event from within one is read behind something.
    const std::string before = event.marked ? "" : ":\n\n";
    const Read again = read(before + with_data(event, "{}"), 1);
    must(again.events.size() == 1 && again.events[0].data == "{}" && again.events[0].id == event.id);
  }
  return 0;
}
