#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "answers.hpp"
#include "net.hpp"

// Load for one proxy: N kept connections, either in a closed loop (each asks again as soon as it was answered) or at a fixed
// rate, where latency counts from the time at which a request was meant to leave, so that a stall is not hidden by the requests
// that it held up. Every id is new, and every answer is checked: status 200, that id, a result of at least the expected size.
// Prints one JSON line; anything else than a right answer ends it with a message.
namespace durward::bench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

struct Options {
  std::uint16_t port = 0;
  std::size_t connections = 1, bytes = 0;
  double seconds = 1, warm = 0.2, rate = 0;  // rate 0: a closed loop
  std::uint64_t first_id = 1, count = 0;     // count > 0: so many requests in place of a time
  std::string tool, path;
  std::vector<int> watch;  // processes whose CPU time is read at both ends of the window
};

/// CPU time that the processes' threads have spent, user and system. The scheduler's own account: the same as utime and stime
/// of /proc/PID/stat, but in nanoseconds where that has hundredths of a second.
std::uint64_t cpu_ns(const std::vector<int>& processes) {
  std::uint64_t sum = 0;
  for (const int process : processes) {
    for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
      std::ifstream in(thread.path() / "schedstat");
      std::uint64_t spent = 0;
      if (!(in >> spent)) die("schedstat");
      sum += spent;
    }
  }
  return sum;
}

struct Connection {
  explicit Connection(Fd opened) : fd(std::move(opened)) {}
  Fd fd;
  AnswerReader reader;
  std::uint64_t id = 0;
  Clock::time_point since;  // when the request left, or was meant to
  bool busy = false;
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        epoll_(::epoll_create1(0)),
        timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)),
        id_(options.first_id) {
    head_ = "POST " + options.path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options.port) +
            "\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
            "Mcp-Protocol-Version: 2025-11-25\r\nUser-Agent: bench/1.0\r\nContent-Length: ";
    for (std::size_t i = 0; i < options.connections; ++i) {
      connections_.push_back(std::make_unique<Connection>(dial(options.port)));
      watch(connections_.back()->fd.get(), connections_.back().get());
      idle_.push_back(connections_.back().get());
    }
    watch(timer_.get(), nullptr);
  }

  void run() {
    const Clock::time_point begin = Clock::now();
    const auto warm = nanoseconds(static_cast<std::int64_t>(options_.warm * 1e9));
    const auto window = nanoseconds(static_cast<std::int64_t>(options_.seconds * 1e9));
    const auto grace = std::chrono::seconds(10);
    next_ = begin;
    if (options_.rate == 0) {
      while (!idle_.empty() && !spent()) send(Clock::now());
    }
    bool open = false;
    for (Clock::time_point now = begin; !finished(now, begin + warm + window); now = Clock::now()) {
      if (now > begin + warm + window + grace) fail("answers are missing after 10 s");
      if (!open && now >= begin + warm) {
        open = true;
        open_window(now);
      }
      if (!stopping_ && now >= begin + warm + window) close_window(now);
      wait(begin + warm + window);
    }
    if (!closed_) close_window(Clock::now());
  }

  void report() {
    std::sort(latencies_.begin(), latencies_.end());
    const auto at = [this](double part) {
      return latencies_.empty() ? 0.0
                                : static_cast<double>(
                                      latencies_[static_cast<std::size_t>(part * static_cast<double>(latencies_.size() - 1))]) /
                                      1000;
    };
    const double seconds = std::chrono::duration<double>(end_ - begin_).count();
    std::printf(
        R"({"answered":%zu,"answered_all":%llu,"seconds":%.6f,"cpu_ns":%llu,"p50_us":%.1f,"p90_us":%.1f,"p99_us":%.1f,"max_us":%.1f})"
        "\n",
        latencies_.size(), static_cast<unsigned long long>(answered_), seconds, static_cast<unsigned long long>(cpu_), at(0.5),
        at(0.9), at(0.99), at(1));
  }

 private:
  bool spent() const { return stopping_ || (options_.count > 0 && id_ - options_.first_id >= options_.count); }

  bool finished(Clock::time_point now, Clock::time_point end) const {
    if (options_.count > 0) return answered_ >= options_.count;
    return now >= end && stopping_ && idle_.size() == connections_.size() && late_.empty();
  }

  void open_window(Clock::time_point now) {
    begin_ = now;
    cpu_ = cpu_ns(options_.watch);
    measuring_ = true;
  }

  void close_window(Clock::time_point now) {
    stopping_ = closed_ = true;
    measuring_ = false;
    end_ = now;
    cpu_ = cpu_ns(options_.watch) - cpu_;
  }

  // Waits for answers; at a fixed rate also for the time of the next request.
  void wait(Clock::time_point end) {
    const bool paced = options_.rate > 0 && !spent();
    arm(paced ? std::min(next_, end) : stopping_ ? Clock::now() + std::chrono::milliseconds(100) : end);
    std::array<epoll_event, 256> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    if (paced) {
      for (; next_ <= Clock::now() && !spent(); next_ += nanoseconds(static_cast<std::int64_t>(1e9 / options_.rate))) {
        if (idle_.empty())
          late_.push_back(next_);
        else
          send(next_);
      }
    }
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection != nullptr) receive(*connection);
    }
  }

  void arm(Clock::time_point when) {
    const auto since = std::max<nanoseconds>(when.time_since_epoch(), nanoseconds(1));
    itimerspec at = {};
    at.it_value.tv_sec = since.count() / 1'000'000'000;
    at.it_value.tv_nsec = since.count() % 1'000'000'000;
    if (::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &at, nullptr) != 0) die("timerfd_settime");
  }

  void send(Clock::time_point since) {
    Connection& connection = *idle_.back();
    idle_.pop_back();
    connection.id = id_++;
    connection.since = since;
    connection.busy = true;
    body_ = R"({"jsonrpc":"2.0","id":)" + std::to_string(connection.id) + R"(,"method":"tools/call","params":{"name":")" +
            options_.tool +
            R"(","arguments":{"query":"what is in the larder today","limit":10,"fields":["name","count"],"exact":false}}})";
    request_ = head_ + std::to_string(body_.size()) + "\r\n\r\n" + body_;
    const ssize_t sent = ::send(connection.fd.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request_.size())) die("a request did not leave at once");
  }

  void receive(Connection& connection) {
    static std::array<char, 1 << 16> chunk;
    for (;;) {
      const ssize_t got = ::recv(connection.fd.get(), chunk.data(), chunk.size(), 0);
      if (got < 0 && errno == EAGAIN) return;
      if (got < 0) die("recv");
      if (got == 0) fail("a connection was closed");
      const std::string_view bytes(chunk.data(), static_cast<std::size_t>(got));
      if (!connection.busy) fail("bytes that nobody asked for");
      if (connection.reader.feed(bytes)) {
        answered(connection);
        return;
      }
      if (connection.reader.broken()) fail("an answer that is not HTTP as expected");
      if (bytes.size() < chunk.size()) return;
    }
  }

  void answered(Connection& connection) {
    const AnswerReader& reader = connection.reader;
    if (reader.status() != 200 || !reader.answers(connection.id) || reader.body_bytes() < options_.bytes) {
      std::fprintf(stderr, "bench: id %llu got status %d, %zu bytes: %s\n", static_cast<unsigned long long>(connection.id),
                   reader.status(), reader.body_bytes(), reader.front().c_str());
      std::exit(1);
    }
    ++answered_;
    if (measuring_ || options_.count > 0) latencies_.push_back((Clock::now() - connection.since).count());
    connection.reader.next();
    connection.busy = false;
    idle_.push_back(&connection);
    if (!late_.empty()) {
      send(late_.front());
      late_.pop_front();
    } else if (options_.rate == 0 && !spent()) {
      send(Clock::now());
    }
  }

  [[noreturn]] void fail(const char* what) const {
    std::fprintf(stderr, "bench: %s (port %u, %llu answered)\n", what, options_.port,
                 static_cast<unsigned long long>(answered_));
    std::exit(1);
  }

  void watch(int fd, void* key) {
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.ptr = key;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
  }

  Options options_;
  Fd epoll_, timer_;
  std::string head_, body_, request_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> idle_;
  std::deque<Clock::time_point> late_;  // at a fixed rate: requests for which no connection was free
  std::vector<std::int64_t> latencies_;
  std::uint64_t id_, answered_ = 0, cpu_ = 0;
  Clock::time_point begin_, end_, next_;
  bool measuring_ = false, stopping_ = false, closed_ = false;
};

Options parse(int argc, char** argv) {
  Options out;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i], value = argv[i + 1];
    if (name == "--port")
      out.port = static_cast<std::uint16_t>(std::stoul(value));
    else if (name == "--connections")
      out.connections = std::stoul(value);
    else if (name == "--bytes")
      out.bytes = std::stoul(value);
    else if (name == "--seconds")
      out.seconds = std::stod(value);
    else if (name == "--warm")
      out.warm = std::stod(value);
    else if (name == "--rate")
      out.rate = std::stod(value);
    else if (name == "--first-id")
      out.first_id = std::stoull(value);
    else if (name == "--count")
      out.count = std::stoull(value);
    else if (name == "--tool")
      out.tool = value;
    else if (name == "--path")
      out.path = value;
    else if (name == "--watch")
      out.watch.push_back(std::stoi(value));
    else
      std::fprintf(stderr, "bench: unknown option %s\n", name.c_str()), std::exit(2);
  }
  return out;
}

}  // namespace
}  // namespace durward::bench

int main(int argc, char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  durward::bench::Load load(durward::bench::parse(argc, argv));
  load.run();
  load.report();
}
