#pragma once
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "policy/outcome.hpp"

/// Server-sent events (WHATWG HTML, "Parsing an event stream"), byte-exact.
namespace durward::gateway {

/// One event, or something between events (a keep-alive comment, a blank line): then has_data is false and raw is all there is.
/// The raw bytes of all events, in order, are the bytes of the stream.
struct SseEvent {
  std::string raw;    // exact bytes, through the blank line that ends the event
  std::string data;   // data lines joined by U+000A
  std::string event;  // empty: "message"
  std::string id;     // of this event's own `id` line
  bool has_data = false;
  bool has_id = false;  // an `id` line without NUL stood in this event
  bool marked = false;  // raw begins with the stream's byte order mark; anywhere else those bytes are part of a field's name
};

/// An incremental parser: time is linear in the bytes fed, whatever the chunks. Comments and blank lines outside an event are
/// given out at once, so that keep-alives never wait.
class SseParser {
 public:
  explicit SseParser(std::size_t max_event_bytes) : max_(max_event_bytes) {}

  /// Errors: upstream_failed, when an event is larger than max_event_bytes, or when a line other than data holds a
  /// character that some clients take for a line break (they would see events in it that were never judged). No use of
  /// the parser after an error; what next() still holds is good.
  policy::Outcome<void> feed(std::string_view bytes);
  std::optional<SseEvent> next();
  /// Bytes held of an unfinished event.
  std::size_t pending() const { return current_.raw.size() + line_.size() + bom_.size(); }
  /// Whether bytes of an unfinished event wait. A stream that ends then was cut off.
  bool mid_event() const { return !current_.raw.empty() || !line_.empty() || !bom_.empty(); }

 private:
  policy::Outcome<void> end_line(std::string_view ending);
  void field(std::string_view name, std::string_view value);
  void release();
  bool skip_bom(std::string_view& bytes);

  std::size_t max_;
  std::deque<SseEvent> ready_;
  SseEvent current_;  // its complete lines so far
  std::string line_;  // the incomplete line, without its ending
  std::string bom_;   // up to three bytes at the start of the stream
  bool at_start_ = true;
  bool fields_ = false;    // current_ has a field line
  bool after_cr_ = false;  // the last byte was CR: a following LF belongs to it
};

/// The same event with its data replaced by one JSON text without CR: id, event and retry lines stay, under the line ending of
/// the event's first line. The event is one that next() gave out, with fields.
std::string with_data(const SseEvent& event, std::string_view json);
/// A new event of type message with one JSON text without CR.
std::string event_of(std::string_view json);

}  // namespace durward::gateway
