#pragma once
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "config/settings.hpp"

/// The operator's log: one line on stderr for each event, as a JSON object or as text. Written by a thread of its own, so that
/// a stderr that nobody reads stops no loop. The only file that knows the logging library is log.cpp.
namespace durward::gateway::log {

using config::LogLevel;

/// What happened: the closed vocabulary of the member `event`.
enum class Event : std::uint8_t {
  started,         // the listeners are open
  configuration,   // a mistake or a doubt in the files
  reloaded,        // new files are in force
  reload_refused,  // they are not
  refused,         // an exchange was refused or failed
  suppressed,      // how many lines were left out
  catalogue,       // a server's tools could not be fetched
  draining,        // the gateway is going to end
  cut,             // exchanges outlived limits.drain
  unended,         // an exchange could not be ended at all
  drained,         // the gateway has ended all that was under way, and the ledger is closed
  keys,            // an issuer's key set could not be fetched
  token,           // a token for a server could not be fetched
  admin_refused,   // the admin listener turned somebody away because of Host or Origin
  certificate,     // a client certificate was refused in the handshake
};
std::string_view name(Event event) noexcept;
std::string_view name(LogLevel level) noexcept;

/// What a line says. Empty members are left out. No text of arguments or results, no secret.
struct Line {
  std::string_view msg{};
  std::string_view trace_id{}, entry{}, server{}, reason{}, detail{}, rulebook{};
  std::optional<std::uint64_t> count{};
  std::optional<std::chrono::milliseconds> took{};  // written as `ms`
};

/// The line without its time: the members of a JSON object from `"level"` to the closing brace, or text. Whatever the strings
/// hold, the result is one line and valid UTF-8; each is cut at 1,024 bytes.
std::string as_json(LogLevel level, Event event, const Line& line);
std::string as_text(LogLevel level, Event event, const Line& line);

/// So many a second, and how many were beyond. Thread-safe.
class Bound {
 public:
  using Time = std::chrono::steady_clock::time_point;
  void set(unsigned per_second);
  bool admit(Time now);
  /// How many were not admitted and not yet reported, once their second is over (or at once); else 0.
  std::uint64_t take(Time now, bool at_once = false);
  std::uint64_t total() const;  // not admitted, ever

 private:
  mutable std::mutex mutex_;
  Time window_{};
  unsigned most_ = 0, used_ = 0;
  std::uint64_t unreported_ = 0, total_ = 0;
};

/// Starts the writing thread; before it nothing is written. After the signals are blocked, so that the thread inherits that.
void start(const config::Log& settings);
/// New settings. Thread-safe, as all that follow.
void configure(const config::Log& settings);
void write(LogLevel level, Event event, const Line& line);
/// A line about a refusal, within log.refusals_per_second.
void refusal(const Line& line, Event event = Event::refused);
/// Says how many refusals were left out in seconds that are over (or at all). For someone to call now and then.
void report_suppressed(bool at_once = false);
/// Waits, at most a second, until every line is written.
void finish();

struct Lost {
  std::uint64_t rate = 0;   // refusals beyond their bound
  std::uint64_t queue = 0;  // the oldest lines in favour of newer ones, since stderr was not read
};
Lost lost();

}  // namespace durward::gateway::log
