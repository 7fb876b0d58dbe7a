#include <algorithm>
#include <string>
#include <vector>

#include "gateway/sse.hpp"
#include "tests/fuzz/fuzz.hpp"

// A stream, whole and in chunks that the first byte chooses: the same events, no byte lost, and what the standard's algorithm,
// written down plainly over a whole text, makes of it. An event whose data is replaced keeps all but its data.
namespace {

using namespace durward::fuzz;
using namespace durward::gateway;

constexpr std::size_t kLargest = 4096;

struct Read {
  bool good = true;
  std::size_t pending = 0;
  std::string raw;
  std::vector<SseEvent> events;  // with data
};

Read read(std::string_view stream, std::size_t chunk, std::size_t largest = kLargest) {
  SseParser parser(largest);
  Read out;
  while (!stream.empty() && out.good) {
    const std::size_t take = std::min(chunk, stream.size());
    out.good = static_cast<bool>(parser.feed(stream.substr(0, take)));
    stream.remove_prefix(take);
    while (auto event = parser.next()) {
      must(event->raw.size() <= largest + 2);  // the last line ending is not counted
      out.raw += event->raw;
      if (event->has_data) out.events.push_back(*event);
    }
    must(!out.good || parser.mid_event() == (parser.pending() != 0));
  }
  out.pending = parser.pending();
  return out;
}

struct Plain {
  std::string data, event, id;
  bool has_data = false, has_id = false;
};

/// "Interpreting an event stream" of the HTML standard, line by line; stray: whether a line other than data holds a character
/// that some clients take for a line break.
std::vector<Plain> by_the_standard(std::string_view text, bool& stray) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<Plain> events;
  Plain event;
  for (;;) {
    const std::size_t end = text.find_first_of("\r\n");
    if (end == std::string_view::npos) return events;
    const std::string line(text.substr(0, end));
    text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
    if (line.empty()) {
      if (event.has_data) events.push_back(event);
      event = {};
      continue;
    }
    const std::size_t colon = line.find(':');
    const std::string name = line.substr(0, colon);
    std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
    if (!value.empty() && value[0] == ' ') value.erase(0, 1);
    if (name == "data") {
      event.data += (event.has_data ? "\n" : "") + value;
      event.has_data = true;
      continue;
    }
    if (name == "event") event.event = value;
    if (name == "id" && value.find('\0') == std::string::npos) event.id = value, event.has_id = true;
    for (const char* mark : {"\x0B", "\x0C", "\x1C", "\x1D", "\x1E", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"})
      stray = stray || line.find(mark) != std::string::npos;
  }
}

template <class A, class B>
bool same(const A& a, const B& b) {
  return a.data == b.data && a.event == b.event && a.id == b.id && a.has_id == b.has_id;
}

template <class A, class B>
bool all_same(const std::vector<A>& a, const std::vector<B>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same<A, B>);
}

void replace_data(const SseEvent& event) {
  // A byte order mark counts at the start of a stream only: an event from within one is read behind something.
  const std::string before = event.marked ? "" : ":\n\n";
  for (const std::string json : {"{}", "{\n\n}"}) {
    const std::string replaced = with_data(event, json);
    const Read again = read(before + replaced, 1, 2 * kLargest);
    must(again.good && again.raw == before + replaced && again.events.size() == 1);
    const SseEvent& read_back = again.events[0];
    must(read_back.data == json && read_back.id == event.id && read_back.has_id == event.has_id);
    must(read_back.event == event.event && read_back.marked == event.marked);
    must(with_data(read_back, json) == replaced);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream = text_of(data + 1, size - 1);
  const Read whole = read(stream, stream.size());
  const Read parts = read(stream, std::size_t{1} + data[0] % 16);
  must(stream.starts_with(whole.raw) && stream.starts_with(parts.raw));
  must(whole.good == parts.good && all_same(whole.events, parts.events));
  if (whole.good) must(whole.raw == parts.raw && whole.raw.size() + whole.pending == stream.size());
  bool stray = false;
  const std::vector<Plain> expected = by_the_standard(stream, stray);
  const Read unbounded = read(stream, stream.size(), stream.size() + 1);
  must(unbounded.good == !stray);
  if (unbounded.good) must(all_same(unbounded.events, expected));
  for (std::size_t i = 0; i < std::min<std::size_t>(whole.events.size(), 8); ++i) replace_data(whole.events[i]);
  return 0;
}
