#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#include <array>
#include <charconv>
#include <csignal>
#include <map>
#include <memory>
#include <string>

#include "net.hpp"

// The MCP server behind every proxy of the benchmark: one thread, and answers made beforehand but for the id, so that it is not
// the bottleneck. A tool's name says what its answer looks like: `json.300` is a JSON answer with a result of about 300 bytes,
// `sse.10000` an event stream whose one event holds 10,000. It trusts its callers and reads their JSON by searching.
namespace durward::bench {
namespace {

constexpr std::array kSizes{300, 10000, 100000};
constexpr const char* kJsonHead = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n";
constexpr const char* kSessionHead =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: bench-session\r\nContent-Length: %zu\r\n\r\n";
constexpr const char* kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: "
    "chunked\r\n\r\n%zx\r\n";

/// An answer in the pieces that stand around the body's length and the id.
struct Answer {
  const char* head;
  std::string before, after, end;
};
using Answers = std::map<std::string, Answer, std::less<>>;

Answer plain_answer(const std::string& members, const char* head = kJsonHead) {
  return {head, R"({"jsonrpc":"2.0","id":)", "," + members + "}", ""};
}

Answers make_answers() {
  Answers out;
  for (const int size : kSizes) {
    std::string text;
    while (text.size() + 80 < static_cast<std::size_t>(size)) text += "All work and no play. ";
    const Answer json =
        plain_answer(R"("result":{"resultType":"complete","content":[{"type":"text","text":")" + text + R"("}]})");
    out["sse." + std::to_string(size)] = {kStreamHead, "event: message\ndata: " + json.before, json.after + "\n\n",
                                          "\r\n0\r\n\r\n"};
    out["json." + std::to_string(size)] = json;
  }
  return out;
}

const Answers kAnswers = make_answers();

Answer make_list() {
  std::string tools;
  for (const auto& [name, answer] : kAnswers) {
    tools += (tools.empty() ? "" : ",") + std::string(R"({"name":")") + name +
             R"(","description":"Looks something up.","inputSchema":{"type":"object"}})";
  }
  return plain_answer(R"("result":{"tools":[)" + tools + "]}");
}

const Answer kList = make_list();
const Answer kInitialized = plain_answer(
    R"("result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"bench","version":"1.0.0"}})",
    kSessionHead);
const Answer kUnknown = plain_answer(R"("error":{"code":-32601,"message":"Method not found"})");

/// For the test that a wrong id is noticed: every so many answers of a connection carry one. 0: none.
unsigned wrong_every = 0;

/// What follows `"key":` up to the end of a string or number; empty if the key is absent.
std::string_view token(std::string_view body, std::string_view key) {
  const std::size_t at = body.find(key);
  if (at == std::string_view::npos) return {};
  std::string_view rest = body.substr(at + key.size());
  return rest.substr(0, rest.find_first_of(",}", 1));
}

std::string_view unquoted(std::string_view text) { return text.size() < 2 ? text : text.substr(1, text.size() - 2); }

const Answer& answer_to(std::string_view body) {
  const std::string_view method = unquoted(token(body, R"("method":)"));
  if (method == "tools/call") {
    const auto found = kAnswers.find(unquoted(token(body, R"("name":)")));
    return found == kAnswers.end() ? kUnknown : found->second;
  }
  if (method == "tools/list") return kList;
  return method == "initialize" ? kInitialized : kUnknown;
}

class Connection {
 public:
  explicit Connection(Fd fd) : fd_(std::move(fd)) {}

  /// Reads and answers what is there. False: the connection is over.
  bool serve() {
    std::array<char, 16384> chunk;
    for (;;) {
      const ssize_t got = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
      if (got <= 0) return got < 0 && errno == EAGAIN;
      in_.append(chunk.data(), static_cast<std::size_t>(got));
      if (!answer_all()) return false;
      if (static_cast<std::size_t>(got) < chunk.size()) return true;
    }
  }

  /// Sends what did not fit before. False: the connection is over.
  bool flush() {
    const ssize_t sent = ::send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    out_.erase(0, static_cast<std::size_t>(sent));
    return true;
  }

  bool blocked() const { return !out_.empty(); }
  int fd() const { return fd_.get(); }

 private:
  bool answer_all() {
    for (;;) {
      const std::size_t end = in_.find("\r\n\r\n");
      if (end == std::string::npos) return true;
      const std::string_view head(in_.data(), end + 2);
      const std::size_t length = content_length(head);
      if (in_.size() < end + 4 + length) return true;
      const bool good = answer(head, std::string_view(in_).substr(end + 4, length));
      in_.erase(0, end + 4 + length);
      if (!good) return false;
    }
  }

  // Proxies write this name in lower case or as `Content-Length`.
  static std::size_t content_length(std::string_view head) {
    std::size_t at = head.find("ontent-length: ");
    if (at == std::string_view::npos) at = head.find("ontent-Length: ");
    if (at == std::string_view::npos) return 0;
    std::size_t length = 0;
    std::from_chars(head.data() + at + 15, head.data() + head.size(), length);
    return length;
  }

  bool answer(std::string_view head, std::string_view body) {
    if (!head.starts_with("POST ")) return send("HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n", {});
    const std::string_view id = token(body, R"("id":)");
    if (id.empty()) return send("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", {});
    const Answer& answer = answer_to(body);
    const bool wrong = wrong_every > 0 && ++answered_ % wrong_every == 0;
    const std::size_t length = answer.before.size() + id.size() + answer.after.size();
    std::array<char, 250> front;
    const int written = std::snprintf(front.data(), front.size(), answer.head, length);
    std::string start(front.data(), static_cast<std::size_t>(written));
    start.append(answer.before).append(wrong ? std::string(id.size(), '7') : std::string(id));
    return send(start, answer.after, answer.end);
  }

  bool send(std::string_view first, std::string_view second, std::string_view third = {}) {
    std::array<iovec, 3> parts;
    std::size_t all = 0;
    for (std::size_t i = 0; const std::string_view part : {first, second, third}) {
      parts[i++] = {const_cast<char*>(part.data()), part.size()};
      all += part.size();
    }
    ssize_t sent = out_.empty() ? ::writev(fd_.get(), parts.data(), parts.size()) : 0;
    if (sent < 0 && errno != EAGAIN) return false;
    std::size_t skip = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    if (skip == all) return true;
    for (const std::string_view part : {first, second, third}) {
      const std::size_t gone = std::min(skip, part.size());
      out_.append(part.substr(gone));
      skip -= gone;
    }
    return true;
  }

  Fd fd_;
  std::string in_, out_;
  unsigned answered_ = 0;
};

class Server {
 public:
  Server() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener_.get(), plain(address), size) != 0 || ::listen(listener_.get(), 4096) != 0) die("listen");
    if (::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) die("getsockname");
    port_ = ntohs(address.sin_port);
    watch(EPOLL_CTL_ADD, listener_.get(), EPOLLIN, nullptr);
  }

  std::uint16_t port() const { return port_; }

  void run() {
    std::array<epoll_event, 256> events;
    for (;;) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == nullptr)
          accept();
        else
          step(static_cast<Connection*>(event.data.ptr), event.events);
      }
    }
  }

 private:
  void accept() {
    for (;;) {
      Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (fd.get() < 0) return;
      tune(fd.get());
      auto connection = std::make_unique<Connection>(std::move(fd));
      watch(EPOLL_CTL_ADD, connection->fd(), EPOLLIN, connection.get());
      Connection* key = connection.get();
      connections_.emplace(key, std::move(connection));
    }
  }

  void step(Connection* connection, std::uint32_t events) {
    const bool was_blocked = connection->blocked();
    const bool good = ((events & EPOLLOUT) == 0 || connection->flush()) && ((events & ~EPOLLOUT) == 0 || connection->serve());
    if (!good) {
      connections_.erase(connection);
    } else if (connection->blocked() != was_blocked) {
      const std::uint32_t wanted = connection->blocked() ? EPOLLIN | EPOLLOUT : EPOLLIN;
      watch(EPOLL_CTL_MOD, connection->fd(), wanted, connection);
    }
  }

  void watch(int operation, int fd, std::uint32_t wanted, void* key) {
    epoll_event event = {};
    event.events = wanted;
    event.data.ptr = key;
    if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0) die("epoll_ctl");
  }

  Fd epoll_, listener_;
  std::uint16_t port_ = 0;
  std::map<Connection*, std::unique_ptr<Connection>> connections_;
};

}  // namespace
}  // namespace durward::bench

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--wrong-every") {
    durward::bench::wrong_every = static_cast<unsigned>(std::stoul(argv[2]));
  } else if (argc != 1) {
    std::fprintf(stderr, "usage: bench_upstream [--wrong-every N]\n");
    return 2;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // never outlives the run that started it
  durward::bench::Server server;
  std::printf("upstream listens on %u\n", server.port());
  std::fflush(stdout);
  server.run();
}
