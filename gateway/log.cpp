#include "gateway/log.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>

#include "policy/json.hpp"

namespace durward::gateway::log {

namespace {

constexpr std::size_t kField = 1024;     // bytes of one member
constexpr std::size_t kQueue = 1024;     // lines that may wait for stderr
constexpr std::chrono::seconds kEnd{1};  // for stderr to take what waits when the gateway ends

constexpr std::array<std::string_view, 15> kEvents{
    "started", "configuration", "reloaded", "reload_refused", "refused", "suppressed",    "catalogue",  "draining",
    "cut",     "unended",       "drained",  "keys",           "token",   "admin_refused", "certificate"};
static_assert(kEvents.size() == static_cast<std::size_t>(Event::certificate) + 1);
constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warn", "error"};

// Cut where a character begins.
std::string_view bounded(std::string_view text) {
  if (text.size() <= kField) return text;
  std::size_t end = kField;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return text.substr(0, end);
}

template <class Add>
void each_member(const Line& line, const Add& add) {
  add("trace_id", line.trace_id);
  add("entry", line.entry);
  add("server", line.server);
  add("reason", line.reason);
  add("rulebook", line.rulebook);
  add("detail", line.detail);
}

/// Writes whole lines to stderr, and counts them so that the end can wait for the last.
class Stderr final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit Stderr(bool json) {
    const char* pattern = json ? "{\"ts\":\"%Y-%m-%dT%H:%M:%S.%eZ\",%v" : "%Y-%m-%dT%H:%M:%S.%eZ %v";
    set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
  }
  bool wait_for(std::uint64_t lines, std::chrono::seconds most) {
    std::unique_lock lock(counted_);
    return moved_.wait_for(lock, most, [&] { return written_ >= lines; });
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t bytes;
    formatter_->format(message, bytes);
    const char* from = bytes.data();
    std::size_t left = bytes.size();
    while (left > 0) {
      const ssize_t took = ::write(STDERR_FILENO, from, left);
      if (took < 0 && errno == EINTR) continue;
      if (took < 0) break;  // nobody is there to tell
      from += took;
      left -= static_cast<std::size_t>(took);
    }
    const std::lock_guard lock(counted_);
    ++written_;
    moved_.notify_all();
  }
  void flush_() override {}
  std::mutex counted_;
  std::condition_variable moved_;
  std::uint64_t written_ = 0;
};

struct State {
  explicit State(bool as_json)
      : json(as_json),
        sink(std::make_shared<Stderr>(as_json)),
        pool(std::make_shared<spdlog::details::thread_pool>(kQueue, 1)),
        logger(std::make_shared<spdlog::async_logger>("durward", sink, pool, spdlog::async_overflow_policy::overrun_oldest)) {
    logger->set_level(spdlog::level::trace);  // log.level is ours to judge
  }
  const bool json;
  std::atomic<LogLevel> level{LogLevel::info};
  std::atomic<std::uint64_t> queued{0};
  Bound refusals;
  std::shared_ptr<Stderr> sink;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;
};

// Never destroyed: its thread may be stuck in a write to a stderr that nobody reads, and the process ends all the same.
std::atomic<State*> state{nullptr};  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

bool wants_json(const config::Log& settings) {
  if (settings.format == config::LogFormat::automatic) return ::isatty(STDERR_FILENO) == 0;
  return settings.format == config::LogFormat::json;
}

}  // namespace

std::string_view name(Event event) noexcept { return kEvents[static_cast<std::size_t>(event)]; }
std::string_view name(LogLevel level) noexcept { return kLevels[static_cast<std::size_t>(level)]; }

std::string as_json(LogLevel level, Event event, const Line& line) {
  std::string out = "\"level\":\"";
  out.append(name(level))
      .append("\",\"event\":\"")
      .append(name(event))
      .append("\",\"msg\":")
      .append(json::quote(bounded(line.msg)));
  each_member(line, [&out](std::string_view member, std::string_view value) {
    if (!value.empty()) out.append(",\"").append(member).append("\":").append(json::quote(bounded(value)));
  });
  if (line.count) out.append(",\"count\":").append(std::to_string(*line.count));
  if (line.took) out.append(",\"ms\":").append(std::to_string(line.took->count()));
  return out + '}';
}

std::string as_text(LogLevel level, Event event, const Line& line) {
  std::string out;
  out.append(name(level)).append(" ").append(name(event)).append(" ").append(json::quote(bounded(line.msg)));
  each_member(line, [&out](std::string_view member, std::string_view value) {
    if (!value.empty()) out.append(" ").append(member).append("=").append(json::quote(bounded(value)));
  });
  if (line.count) out.append(" count=").append(std::to_string(*line.count));
  if (line.took) out.append(" ms=").append(std::to_string(line.took->count()));
  return out;
}

void Bound::set(unsigned per_second) {
  const std::lock_guard lock(mutex_);
  most_ = per_second;
}

bool Bound::admit(Time now) {
  const std::lock_guard lock(mutex_);
  if (now - window_ >= std::chrono::seconds(1)) {
    window_ = now;
    used_ = 0;
  }
  if (used_ < most_) {
    ++used_;
    return true;
  }
  ++unreported_;
  ++total_;
  return false;
}

std::uint64_t Bound::take(Time now, bool at_once) {
  const std::lock_guard lock(mutex_);
  if (!at_once && now - window_ < std::chrono::seconds(1)) return 0;
  return std::exchange(unreported_, 0);
}

std::uint64_t Bound::total() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

void start(const config::Log& settings) {
  if (state.load() == nullptr) state = new State(wants_json(settings));
  configure(settings);
}

void configure(const config::Log& settings) {
  State* here = state.load();
  if (here == nullptr) return;
  here->level = settings.level;
  here->refusals.set(settings.refusals_per_second);
}

void write(LogLevel level, Event event, const Line& line) {
  State* here = state.load();
  if (here == nullptr || level < here->level.load()) return;
  ++here->queued;
  here->logger->log(spdlog::level::info,
                    spdlog::string_view_t(here->json ? as_json(level, event, line) : as_text(level, event, line)));
}

void refusal(const Line& line, Event event) {
  State* here = state.load();
  if (here == nullptr || LogLevel::info < here->level.load() || !here->refusals.admit(std::chrono::steady_clock::now())) return;
  write(LogLevel::info, event, line);
}

void report_suppressed(bool at_once) {
  State* here = state.load();
  if (here == nullptr) return;
  const std::uint64_t count = here->refusals.take(std::chrono::steady_clock::now(), at_once);
  if (count == 0) return;
  Line line;
  line.msg = "refusals beyond log.refusals_per_second were not written";
  line.count = count;
  write(LogLevel::warn, Event::suppressed, line);
}

void finish() {
  State* here = state.load();
  if (here == nullptr) return;
  report_suppressed(true);
  here->sink->wait_for(here->queued - here->pool->overrun_counter(), kEnd);
}

Lost lost() {
  State* here = state.load();
  if (here == nullptr) return {};
  return {here->refusals.total(), here->pool->overrun_counter()};
}

}  // namespace durward::gateway::log
