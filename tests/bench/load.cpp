#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "answers.hpp"
#include "cpu.hpp"
#include "request.hpp"
#include "wire.hpp"

// Load for one proxy: N kept connections, either in a closed loop (each asks again as soon as it was answered) or at a fixed
// rate, where latency counts from the time at which a request was meant to leave, so that a stall is not hidden by the requests
// that it held up. Every id is new, and every answer is checked: status 200, that id, a result of at least the expected size.
// Prints one JSON line; anything else than a right answer ends it with a message.
namespace durward::bench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;
using ull = unsigned long long;

struct Options {
  std::uint16_t port = 0;
  std::size_t connections = 1, bytes = 0;
  std::size_t in_flight = ~std::size_t{0};   // at most so many requests at once
  double seconds = 1, warm = 0.2, rate = 0;  // rate 0: a closed loop
  std::uint64_t first_id = 1, count = 0;     // count > 0: so many requests in place of a time
  std::string tool, path, header;            // header: of every request, a whole line
  bool tls = false;
  Traffic traffic = Traffic::plain;
  std::vector<int> watch;  // processes whose CPU time is read at both ends of the window
  bool hold = false;       // keep the connections, idle, until the input ends
};

// A window stays open for so many answers, but not much longer than it was meant to: the disk may be busy.
constexpr std::size_t kFewest = 20;
constexpr std::chrono::seconds kLonger{5}, kTooLong{30};

nanoseconds span(double seconds) { return nanoseconds(static_cast<std::int64_t>(seconds * 1e9)); }

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bench: %s\n", what.c_str());
  std::exit(1);
}

struct Connection {
  explicit Connection(Wire opened) : wire(std::move(opened)) {}
  Wire wire;
  AnswerReader reader;
  std::uint64_t id = 0;
  Clock::time_point since;  // when the request left, or was meant to
  bool busy = false;
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        requests_(options.traffic, options.port, options.path, options.tool, options.header),
        epoll_(::epoll_create1(0)),
        timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)),
        id_(options.first_id) {
    for (std::size_t i = 0; i < options.connections; ++i) {
      // 200 from each address, which is below what the gateway allows one address by default.
      Wire wire(dial(options.port, static_cast<std::uint32_t>(1 + i / 200)), options.tls);
      connections_.push_back(std::make_unique<Connection>(std::move(wire)));
      watch(connections_.back()->wire.fd(), connections_.back().get());
      idle_.push_back(connections_.back().get());
    }
    watch(timer_.get(), nullptr);
    if (options.traffic == Traffic::session) join();
  }

  void run() {
    const Clock::time_point begin = Clock::now();
    const Clock::time_point opens = begin + span(options_.warm), closes = opens + span(options_.seconds);
    next_ = begin;
    if (options_.rate == 0) {
      for (std::size_t i = 0; i < options_.in_flight && !idle_.empty() && !spent(); ++i) send(Clock::now());
    }
    for (Clock::time_point now = begin; !finished(); now = Clock::now()) {
      if (now > closes + kTooLong) fail("answers are missing");
      if (stage_ == Stage::warm && now >= opens) open_window(now);
      const bool enough = latencies_.size() >= kFewest || now >= closes + kLonger;
      if (stage_ == Stage::open && now >= closes && options_.count == 0 && enough) close_window(now);
      wait(stage_ == Stage::warm ? opens : std::max(closes, now + std::chrono::milliseconds(20)));
    }
    if (stage_ == Stage::open) close_window(Clock::now());
  }

  void report() {
    std::sort(latencies_.begin(), latencies_.end());
    const auto at = [this](double part) {
      if (latencies_.empty()) return 0.0;
      const auto index = static_cast<std::size_t>(part * static_cast<double>(latencies_.size() - 1));
      return static_cast<double>(latencies_[index]) / 1000;
    };
    const double seconds = std::chrono::duration<double>(end_ - begin_).count();
    std::string cpu;
    std::uint64_t all = 0;
    for (const auto& [name, spent] : cpu_) {
      cpu += (cpu.empty() ? "\"" : ",\"") + name + "\":" + std::to_string(spent);
      all += spent;
    }
    std::printf(R"({"answered":%zu,"answered_all":%llu,"seconds":%.6f,"cpu_ns":%llu,"cpu_by_thread":{%s},)"
                R"("p50_us":%.1f,"p90_us":%.1f,"p99_us":%.1f,"max_us":%.1f})"
                "\n",
                latencies_.size(), ull{answered_}, seconds, ull{all}, cpu.c_str(), at(0.5), at(0.9), at(0.99), at(1));
    std::fflush(stdout);
    while (options_.hold && std::getchar() != EOF) continue;
  }

 private:
  enum class Stage : std::uint8_t { warm, open, closed };

  bool spent() const {
    return stage_ == Stage::closed || (options_.count > 0 && id_ - options_.first_id + late_.size() >= options_.count);
  }

  bool finished() const {
    if (options_.count > 0) return answered_ >= options_.count;
    return stage_ == Stage::closed && idle_.size() == connections_.size() && late_.empty();
  }

  void open_window(Clock::time_point now) {
    stage_ = Stage::open;
    begin_ = now;
    cpu_ = cpu_of(options_.watch);
  }

  void close_window(Clock::time_point now) {
    stage_ = Stage::closed;
    end_ = now;
    cpu_ = cpu_since(cpu_, options_.watch);
  }

  // One session for all connections, as one agent would have.
  void join() {
    const Wire& wire = connections_.front()->wire;
    const std::string request = requests_.initialize();
    if (wire.send(request) != static_cast<ssize_t>(request.size())) die("initialize");
    AnswerReader reader;
    std::array<char, 4096> chunk;
    std::array<epoll_event, 1> event;
    for (bool complete = false; !complete;) {
      if (::epoll_wait(epoll_.get(), event.data(), 1, 10'000) != 1) fail("initialize is not answered");
      const ssize_t got = wire.receive(chunk.data(), chunk.size());
      if (got < 0 && errno == EAGAIN) continue;  // a ticket
      if (got <= 0) fail("initialize is not answered");
      complete = reader.feed({chunk.data(), static_cast<std::size_t>(got)});
      if (reader.broken()) fail("initialize is not answered with HTTP");
    }
    if (reader.status() != 200 || reader.session().empty()) fail("initialize gave no session: " + reader.front());
    requests_.join(reader.session());
  }

  // Waits for answers; at a fixed rate also for the time of the next request.
  void wait(Clock::time_point until) {
    const bool paced = options_.rate > 0 && !spent();
    arm(paced ? std::min(next_, until) : until);
    std::array<epoll_event, 256> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    for (; paced && next_ <= Clock::now() && !spent(); next_ += span(1 / options_.rate)) {
      if (idle_.empty()) {
        late_.push_back(next_);
      } else {
        send(next_);
      }
    }
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection != nullptr) receive(*connection);
    }
  }

  void arm(Clock::time_point when) {
    const nanoseconds since = when.time_since_epoch();
    itimerspec at = {};
    at.it_value.tv_sec = since.count() / 1'000'000'000;
    at.it_value.tv_nsec = since.count() % 1'000'000'000;
    if (::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &at, nullptr) != 0) die("timerfd_settime");
  }

  // The connection that has been idle for longest asks next, so that all of them are used.
  void send(Clock::time_point since) {
    Connection& connection = *idle_.front();
    idle_.pop_front();
    connection.id = id_++;
    connection.since = since;
    connection.busy = true;
    const std::string request = requests_.call(connection.id);
    const ssize_t sent = connection.wire.send(request);
    if (sent != static_cast<ssize_t>(request.size())) die("a request did not leave at once");
  }

  void receive(Connection& connection) {
    static std::array<char, 1 << 16> chunk;
    for (;;) {
      const ssize_t got = connection.wire.receive(chunk.data(), chunk.size());
      if (got < 0 && errno == EAGAIN) return;
      if (got < 0) die("recv");
      if (got == 0) fail("a connection was closed after " + std::to_string(answered_) + " answers");
      if (!connection.busy) fail("bytes that nobody asked for");
      const std::string_view bytes(chunk.data(), static_cast<std::size_t>(got));
      if (connection.reader.feed(bytes)) return answered(connection);
      if (connection.reader.broken()) fail("an answer that is not HTTP as expected");
      if (bytes.size() < chunk.size() && connection.wire.drained_by_short_read()) return;
    }
  }

  void answered(Connection& connection) {
    const AnswerReader& reader = connection.reader;
    if (reader.status() != 200 || !reader.answers(connection.id) || reader.body_bytes() < options_.bytes) {
      fail("id " + std::to_string(connection.id) + " got status " + std::to_string(reader.status()) + " and " +
           std::to_string(reader.body_bytes()) + " bytes: " + reader.front());
    }
    ++answered_;
    if (stage_ == Stage::open) latencies_.push_back((Clock::now() - connection.since).count());
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

  void watch(int fd, void* key) {
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.ptr = key;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
  }

  Options options_;
  RequestMaker requests_;
  Fd epoll_, timer_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<Connection*> idle_;
  std::deque<Clock::time_point> late_;  // at a fixed rate: requests for which no connection was free
  std::vector<std::int64_t> latencies_;
  std::uint64_t id_, answered_ = 0;
  CpuByThread cpu_;
  Clock::time_point begin_, end_, next_;
  Stage stage_ = Stage::warm;
};

Traffic traffic(const std::string& name) {
  if (name == "plain") return Traffic::plain;
  if (name == "session") return Traffic::session;
  if (name != "modern") fail("--traffic is plain, session or modern");
  return Traffic::modern;
}

Options parse(const std::vector<std::string>& arguments) {
  Options out;
  for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
    const std::string &name = arguments[i], &value = arguments[i + 1];
    if (name == "--port")
      out.port = static_cast<std::uint16_t>(std::stoul(value));
    else if (name == "--path")
      out.path = value;
    else if (name == "--header")
      out.header = value;
    else if (name == "--tls")
      out.tls = value == "yes";
    else if (name == "--tool")
      out.tool = value;
    else if (name == "--bytes")
      out.bytes = std::stoul(value);
    else if (name == "--traffic")
      out.traffic = traffic(value);
    else if (name == "--connections")
      out.connections = std::stoul(value);
    else if (name == "--in-flight")
      out.in_flight = std::stoul(value);
    else if (name == "--warm")
      out.warm = std::stod(value);
    else if (name == "--seconds")
      out.seconds = std::stod(value);
    else if (name == "--rate")
      out.rate = std::stod(value);
    else if (name == "--count")
      out.count = std::stoull(value);
    else if (name == "--first-id")
      out.first_id = std::stoull(value);
    else if (name == "--watch")
      out.watch.push_back(std::stoi(value));
    else if (name == "--hold")
      out.hold = value == "yes";
    else
      fail("unknown option " + name);
  }
  return out;
}

}  // namespace
}  // namespace durward::bench

int main(int argc, char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // never outlives the run that started it
  durward::bench::Load load(durward::bench::parse({argv + 1, argv + argc}));
  load.run();
  load.report();
}
