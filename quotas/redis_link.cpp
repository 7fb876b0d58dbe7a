#include "quotas/redis_link.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "quotas/meter.hpp"
#include "quotas/redis_wire.hpp"

namespace durward::quotas {
namespace {

using policy::Outcome;
using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kProbe{100};           // between two PINGs to a Redis that is slow
constexpr milliseconds kFirstPause{20};       // before a second connect
constexpr milliseconds kLongestPause{1'000};  // before any
constexpr milliseconds kConnect{3'000};       // from name to AUTH
constexpr milliseconds kSilence{2'000};       // no byte for so long while something is asked: the connection is dead
constexpr unsigned kLateInARow = 3;           // so many missed deadlines, and Redis is slow
constexpr std::size_t kWrite = 64U << 10;     // bytes, about, of one write
constexpr std::size_t kMostWaiting = 100'000;

/// A command under way.
struct Command {
  std::string bytes;
  RedisLink::OnReply on_reply;
  Steady::time_point deadline;
  void tell(Answer<Reply> answer) {
    if (auto told = std::exchange(on_reply, nullptr)) told(std::move(answer));
  }
};

/// By `INFO memory`: whether Redis throws away what it was asked to keep once its memory is full.
bool evicts(std::string_view info) {
  const bool bounded = info.find("\nmaxmemory:0\r") == std::string_view::npos;
  const bool keeps = info.find("\nmaxmemory_policy:noeviction\r") != std::string_view::npos;
  return bounded && !keeps;
}

/// Every member below `// Of the link's thread` is touched by that thread only.
class Link final : public RedisLink {
 public:
  Link(RedisSetup setup, std::unique_ptr<asio::ssl::context> tls)
      : setup_(std::move(setup)), tls_(std::move(tls)), deadlines_(io_), connecting_(io_), pause_(io_) {
    asio::co_spawn(io_.get_executor(), live(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Link() override { close(); }

  void send(std::string command, OnReply on_reply) override;
  bool reachable() const override { return !closed_ && state_ == State::ready; }
  std::uint64_t waiting() const override { return waiting_; }
  void close() override;

 private:
  enum class State : std::uint8_t { away, slow, ready };
  using Timer = asio::basic_waitable_timer<Steady, asio::wait_traits<Steady>, RedisWire::Executor>;
  using Outgoing = std::deque<Command>;
  template <class T = void>
  using Task = RedisWire::Task<T>;

  // The connection's life.
  Task<> live();
  Task<Outcome<void, std::string>> greet(RedisWire& wire, Replies& replies);
  Task<Outcome<Reply, std::string>> ask(RedisWire& wire, Replies& replies, std::string command);
  Task<> serve(RedisWire& wire, Replies& replies);
  Task<> write_all(std::shared_ptr<RedisWire> wire);
  Task<> rest(milliseconds time);
  void break_off();
  void say_away(std::string why);

  // What it carries.
  void accept();
  void start_writing();
  bool answer(Replies& replies);
  Fault away() const;

  // Deadlines.
  Steady::time_point next_due() const;
  void arm();
  void tick();
  void probe();
  void finish_if_idle();

  const RedisSetup setup_;
  const std::unique_ptr<asio::ssl::context> tls_;
  asio::io_context io_{1};
  std::atomic<State> state_ = State::away;
  std::atomic<bool> closed_ = false;
  std::atomic<std::uint64_t> waiting_ = 0;

  // Of the link's thread.
  Timer deadlines_, connecting_, pause_;
  std::shared_ptr<RedisWire> opening_, wire_;  // null: none is being opened; it is away
  Outgoing unsent_, sent_;
  bool writing_ = false, closing_ = false;
  unsigned late_in_a_row_ = 0;
  Steady::time_point heard_, probed_, armed_for_ = Steady::time_point::max();

  mutable std::mutex mutex_;  // of the next two
  std::vector<Command> inbox_;
  std::string why_ = "Redis has not answered yet";
  std::mutex closing_mutex_;
  std::thread thread_;
};

void Link::send(std::string command, OnReply on_reply) {
  if (closed_) return on_reply(closed());
  const State state = state_;
  if (state == State::slow) return on_reply(Fault{Fault::Kind::unavailable, "Redis misses its deadline"});
  if (state == State::away) return on_reply(away());
  if (waiting_ >= kMostWaiting) return on_reply(Fault{Fault::Kind::unavailable, "too much waits for Redis"});
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = inbox_.empty();
    inbox_.push_back({std::move(command), std::move(on_reply), Steady::now() + setup_.deadline});
    ++waiting_;
  }
  if (first) asio::post(io_, [this] { accept(); });
}

void Link::close() {
  const std::lock_guard once(closing_mutex_);
  if (!thread_.joinable()) return;
  closed_ = true;
  asio::post(io_, [this] {
    accept();
    closing_ = true;
    pause_.cancel();
    if (opening_) opening_->cut();
    finish_if_idle();
  });
  thread_.join();
  accept();  // what came while the thread ended
}

Fault Link::away() const {
  const std::lock_guard lock(mutex_);
  return {Fault::Kind::unavailable, why_};
}

void Link::say_away(std::string why) {
  const std::lock_guard lock(mutex_);
  why_ = "Redis: " + std::move(why);
}

/// Takes over what has come from other threads.
void Link::accept() {
  std::vector<Command> come;
  {
    const std::lock_guard lock(mutex_);
    come.swap(inbox_);
  }
  for (Command& each : come) {
    if (wire_ && !closing_) {
      unsent_.push_back(std::move(each));
      continue;
    }
    --waiting_;
    each.tell(closing_ ? closed() : away());
  }
  if (closing_) return;
  start_writing();
  arm();
}

void Link::start_writing() {
  if (writing_ || unsent_.empty() || !wire_) return;
  writing_ = true;
  asio::co_spawn(io_.get_executor(), write_all(wire_), asio::detached);
}

Link::Task<> Link::write_all(std::shared_ptr<RedisWire> wire) {
  error_code ec;
  std::string buffer;
  while (!ec && wire == wire_ && !unsent_.empty()) {
    buffer.clear();
    if (sent_.empty()) heard_ = Steady::now();
    while (!unsent_.empty() && buffer.size() < kWrite) {
      buffer += std::exchange(unsent_.front().bytes, {});
      sent_.push_back(std::move(unsent_.front()));
      unsent_.pop_front();
    }
    co_await wire->write(asio::buffer(buffer), ec);
  }
  if (wire != wire_) co_return;
  writing_ = false;
  if (ec) wire->cut();  // the reader ends the connection
}

/// Hands out the replies that have come. False: the stream is broken.
bool Link::answer(Replies& replies) {
  while (true) {
    auto next = replies.next();
    if (!next || (*next && sent_.empty())) return false;
    if (!*next) return true;
    Command command = std::move(sent_.front());
    sent_.pop_front();
    --waiting_;
    if (!command.on_reply) continue;  // it was late
    late_in_a_row_ = 0;
    if (state_ == State::slow) state_ = State::ready;
    command.tell(**std::move(next));
  }
}

Steady::time_point Link::next_due() const {
  auto due = Steady::time_point::max();
  for (const Outgoing* commands : {&sent_, &unsent_}) {
    const auto first =
        std::find_if(commands->begin(), commands->end(), [](const Command& each) { return each.on_reply != nullptr; });
    if (first != commands->end()) due = std::min(due, first->deadline);
  }
  if (state_ == State::slow) due = std::min(due, probed_ + kProbe);
  if (!sent_.empty()) due = std::min(due, heard_ + kSilence);
  return due;
}

void Link::arm() {
  const auto due = next_due();
  if (due >= armed_for_) return;  // the tick that is due before arms again
  armed_for_ = due;
  deadlines_.expires_at(due);
  deadlines_.async_wait([this](const error_code& ec) {
    if (ec) return;
    armed_for_ = Steady::time_point::max();
    tick();
    if (wire_) arm();
  });
}

void Link::tick() {
  const auto now = Steady::now();
  for (Outgoing* commands : {&sent_, &unsent_}) {
    for (Command& each : *commands) {
      if (each.deadline > now) break;
      if (!each.on_reply) continue;
      ++late_in_a_row_;
      each.tell(commands == &sent_ ? Fault{Fault::Kind::late, "Redis missed its deadline"}
                                   : Fault{Fault::Kind::unavailable, "the way to Redis is full"});
    }
  }
  // What nobody waits for any more is not sent.
  waiting_ -= std::erase_if(unsent_, [](const Command& each) { return each.on_reply == nullptr; });
  if (!wire_) return;
  if (late_in_a_row_ >= kLateInARow && state_ == State::ready) state_ = State::slow;
  if (!sent_.empty() && now - heard_ >= kSilence) return wire_->cut();
  if (state_ == State::slow && now - probed_ >= kProbe) probe();
  finish_if_idle();
}

void Link::probe() {
  probed_ = Steady::now();
  ++waiting_;
  unsent_.push_back({encode({"PING"}), [](const Answer<Reply>&) {}, probed_ + setup_.deadline});
  start_writing();
}

/// The end of a closing link: nobody waits.
void Link::finish_if_idle() {
  const auto waits = [](const Command& each) { return each.on_reply != nullptr; };
  if (!closing_ || std::any_of(sent_.begin(), sent_.end(), waits) || !unsent_.empty()) return;
  deadlines_.cancel();
  if (wire_) wire_->cut();
}

Link::Task<> Link::live() {
  milliseconds pause{0};
  while (!closing_) {
    Replies replies;
    opening_ = std::make_shared<RedisWire>(io_.get_executor());
    connecting_.expires_after(kConnect);
    connecting_.async_wait([wire = opening_](const error_code& ec) {
      if (!ec) wire->cut();
    });
    auto open = co_await greet(*opening_, replies);
    connecting_.cancel();
    const auto wire = std::exchange(opening_, nullptr);
    if (open && !closing_) {
      pause = milliseconds(0);
      wire_ = wire;
      late_in_a_row_ = 0;
      state_ = State::ready;
      co_await serve(*wire, replies);
      break_off();
    } else if (!open) {
      say_away(std::move(open).error());
    }
    wire->cut();
    if (!closing_) co_await rest(pause);
    pause = std::clamp(2 * pause, kFirstPause, kLongestPause);
  }
}

/// The connection is gone: what was sent may have happened, what was not has not.
void Link::break_off() {
  say_away("the connection broke");
  state_ = State::away;
  wire_.reset();
  writing_ = false;
  deadlines_.cancel();
  armed_for_ = Steady::time_point::max();
  Outgoing sent = std::exchange(sent_, {}), unsent = std::exchange(unsent_, {});
  waiting_ -= sent.size() + unsent.size();
  for (Command& each : sent) each.tell(Fault{Fault::Kind::late, "the connection to Redis broke"});
  for (Command& each : unsent) each.tell(away());
}

Link::Task<> Link::rest(milliseconds time) {
  error_code ignored;
  pause_.expires_after(time);
  co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable_t<RedisWire::Executor>(), ignored));
}

Link::Task<> Link::serve(RedisWire& wire, Replies& replies) {
  error_code ec;
  std::array<char, 64U << 10> bytes;
  while (!ec) {
    const std::size_t count = co_await wire.read_some(asio::buffer(bytes), ec);
    heard_ = Steady::now();
    replies.feed(std::string_view(bytes.data(), count));
    if (!answer(replies)) co_return;
    if (closing_) finish_if_idle();
  }
}

/// Opens the connection, and says who we are.
Link::Task<Outcome<void, std::string>> Link::greet(RedisWire& wire, Replies& replies) {
  auto open = co_await wire.open(setup_, tls_.get());
  if (!open) co_return open;
  if (setup_.password) {
    std::vector<std::string_view> words{"AUTH"};
    if (!setup_.username.empty()) words.push_back(setup_.username);
    words.push_back(setup_.password->reveal());
    auto known = co_await ask(wire, replies, encode(words));
    if (!known) co_return std::move(known).error();
  }
  std::string asks_memory = encode({"INFO", "memory"});
  auto memory = co_await ask(wire, replies, std::move(asks_memory));
  if (!memory && memory.error().starts_with("NOPERM")) co_return Outcome<void, std::string>();
  if (!memory) co_return std::move(memory).error();
  if (evicts(memory->text)) co_return std::string("it may evict records: set maxmemory-policy to noeviction");
  co_return Outcome<void, std::string>();
}

/// An error of Redis is an error here.
Link::Task<Outcome<Reply, std::string>> Link::ask(RedisWire& wire, Replies& replies, std::string command) {
  error_code ec;
  co_await wire.write(asio::buffer(command), ec);
  std::array<char, 4096> bytes;
  while (!ec) {
    auto next = replies.next();
    if (!next) co_return std::move(next).error();
    if (*next && (*next)->kind == Reply::Kind::error) co_return std::move((*next)->text);
    if (*next) co_return **std::move(next);
    const std::size_t count = co_await wire.read_some(asio::buffer(bytes), ec);
    replies.feed(std::string_view(bytes.data(), count));
  }
  co_return "it ends the connection: " + ec.message();
}

}  // namespace

Outcome<std::unique_ptr<RedisLink>, std::string> RedisLink::open(RedisSetup setup) {
  std::unique_ptr<asio::ssl::context> tls;
  if (setup.tls) {
    TRY(tls, tls_context(setup));
  }
  return std::unique_ptr<RedisLink>(std::make_unique<Link>(std::move(setup), std::move(tls)));
}

}  // namespace durward::quotas
