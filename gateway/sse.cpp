#include "gateway/sse.hpp"

namespace durward::gateway {
namespace {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

constexpr std::string_view kBom = "\xEF\xBB\xBF";

// What Python's str.splitlines and its like take for the end of a line.
bool breaks_elsewhere(std::string_view line) {
  for (const char c : line) {
    if ((c >= 0x0B && c <= 0x0C) || (c >= 0x1C && c <= 0x1E)) return true;
  }
  for (const std::string_view mark : {"\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"}) {
    if (line.find(mark) != std::string_view::npos) return true;
  }
  return false;
}

struct Line {
  std::string_view name, value;
};

Line split(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {line, {}};
  std::string_view value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  return {line.substr(0, colon), value};
}

std::string_view ending_at(std::string_view raw, std::size_t end) {
  return raw.substr(end, raw.substr(end).starts_with("\r\n") ? 2 : 1);
}

/// The lines of a finished event, without their endings.
template <class Each>
void each_line(std::string_view raw, Each each) {
  while (!raw.empty()) {
    const std::size_t end = raw.find_first_of("\r\n");
    each(raw.substr(0, end));
    if (end == std::string_view::npos) return;
    raw.remove_prefix(end + ending_at(raw, end).size());
  }
}

/// text as data lines. It has no CR: data never does.
std::string data_lines(std::string_view text, std::string_view ending) {
  std::string out;
  for (;;) {
    const std::size_t end = text.find('\n');
    out.append("data: ").append(text.substr(0, end)).append(ending);
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

// Holds the first bytes back until they are known to be a byte order mark, or not. False: more bytes are needed.
bool SseParser::skip_bom(std::string_view& bytes) {
  while (bom_.size() < kBom.size() && !bytes.empty() && bytes.front() == kBom[bom_.size()]) {
    bom_ += bytes.front();
    bytes.remove_prefix(1);
  }
  if (bom_.size() < kBom.size() && bytes.empty()) return false;
  at_start_ = false;
  if (bom_ == kBom) {
    current_.raw = std::exchange(bom_, {});
    current_.marked = true;
  } else {
    line_ = std::exchange(bom_, {});
  }
  return true;
}

Outcome<void> SseParser::feed(std::string_view bytes) {
  if (at_start_ && !skip_bom(bytes)) return {};
  while (!bytes.empty()) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {  // the rest of a CRLF whose line has ended already
      current_.raw += '\n';
      bytes.remove_prefix(1);
      if (!fields_) release();
      continue;
    }
    const std::size_t end = bytes.find_first_of("\r\n");
    line_.append(bytes.substr(0, end));
    if (current_.raw.size() + line_.size() > max_) return Violation(Reason::upstream_failed, "an event above the limit");
    if (end == std::string_view::npos) return {};
    const bool crlf = bytes.substr(end).starts_with("\r\n");
    after_cr_ = bytes[end] == '\r' && !crlf;
    if (auto ended = end_line(bytes.substr(end, crlf ? 2 : 1)); !ended) return ended;
    bytes.remove_prefix(end + (crlf ? 2 : 1));
  }
  return {};
}

Outcome<void> SseParser::end_line(std::string_view ending) {
  const std::string line = std::exchange(line_, {});
  current_.raw.append(line).append(ending);
  const auto [name, value] = split(line);
  if (line.empty()) {
    release();
    return {};
  }
  if (name != "data" && breaks_elsewhere(line)) {
    return Violation(Reason::upstream_failed, "a line break of another kind outside data");
  }
  if (name.empty()) {  // a comment
    if (!fields_) release();
    return {};
  }
  fields_ = true;
  field(name, value);
  return {};
}

void SseParser::field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (current_.has_data) current_.data += '\n';
    current_.data.append(value);
    current_.has_data = true;
  } else if (name == "event") {
    current_.event = value;
  } else if (name == "id" && value.find('\0') == std::string_view::npos) {
    current_.id = value;
    current_.has_id = true;
  }
}

void SseParser::release() {
  ready_.push_back(std::exchange(current_, {}));
  fields_ = false;
}

std::optional<SseEvent> SseParser::next() {
  if (ready_.empty()) return std::nullopt;
  SseEvent event = std::move(ready_.front());
  ready_.pop_front();
  return event;
}

std::string with_data(const SseEvent& event, std::string_view json) {
  std::string out;
  bool written = false;
  std::string_view raw = event.raw;
  if (event.marked) {
    out = kBom;
    raw.remove_prefix(kBom.size());
  }
  // One ending for all lines: where an event mixes them, a line that goes could leave a CR before a LF, and that is one ending.
  const std::string_view ending = ending_at(raw, raw.find_first_of("\r\n"));
  each_line(raw, [&](std::string_view line) {
    const bool is_data = split(line).name == "data";
    // At the place of the first data line, or before the blank line where there was none.
    if (!written && (is_data || line.empty())) {
      out += data_lines(json, ending);
      written = true;
    }
    if (!is_data) out.append(line).append(ending);
  });
  return out;
}

std::string event_of(std::string_view json) { return "event: message\n" + data_lines(json, "\n") + "\n"; }

}  // namespace durward::gateway
