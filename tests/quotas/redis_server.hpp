#pragma once
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace durward::quotas {

/// A redis-server of this test's own, on a Unix socket in a folder of the test's, ended by its process id.
class RedisServer {
 public:
  /// Whether there is one to run; if not, says so in the one line that CTest shows as skipped.
  static bool there() {
    const bool found = ::access(kProgram, X_OK) == 0;
    if (!found) std::cerr << "skipped: redis-server is not installed\n";
    return found;
  }

  explicit RedisServer(std::string folder, std::vector<std::string> settings = {})
      : folder_(std::move(folder)), settings_(std::move(settings)) {
    start();
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;
  ~RedisServer() { stop(); }

  std::string socket() const { return folder_ + "/redis.sock"; }
  void signal(int number) const { ::kill(pid_, number); }
  void stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
    ::unlink(socket().c_str());
  }
  void start() {
    std::vector<std::string> words{kProgram, "--port", "0",         "--unixsocket",        socket(), "--save", "",
                                   "--dir",  folder_,  "--logfile", folder_ + "/redis.log"};
    words.insert(words.end(), settings_.begin(), settings_.end());
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ == 0) {
      std::vector<char*> arguments;
      for (std::string& each : words) arguments.push_back(each.data());
      arguments.push_back(nullptr);
      const int nothing = ::open("/dev/null", O_RDWR);
      ::dup2(nothing, 0);
      ::dup2(nothing, 1);
      ::execv(kProgram, arguments.data());
      ::_exit(127);
    }
    wait_until_up();
  }

 private:
  static constexpr const char* kProgram = "/usr/bin/redis-server";

  void wait_until_up() const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < end) {
      const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      std::strncpy(address.sun_path, socket().c_str(), sizeof address.sun_path - 1);
      const int connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
      ::close(fd);
      if (connected == 0) return;
      int status = 0;
      if (::waitpid(pid_, &status, WNOHANG) == pid_) throw std::runtime_error("redis-server does not start");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    throw std::runtime_error("redis-server does not listen");
  }

  std::string folder_;
  std::vector<std::string> settings_;
  pid_t pid_ = -1;
};

}  // namespace durward::quotas
