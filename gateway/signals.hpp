#pragma once
#include <csignal>

namespace durward::gateway {

/// SIGHUP, SIGTERM and SIGINT as events for the main thread. Made before any other thread, so that all of them leave these
/// signals to it. SIGPIPE and SIGXFSZ are ignored: a peer that is gone and a file that may not grow are error codes.
class Signals {
 public:
  enum class Kind { reload, stop };
  Signals() {
    ::sigemptyset(&set_);
    for (int signal : {SIGHUP, SIGTERM, SIGINT}) ::sigaddset(&set_, signal);
    ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);
  }
  /// Waits for the next one.
  Kind wait() const {
    int signal = 0;
    while (::sigwait(&set_, &signal) != 0) {
    }
    return signal == SIGHUP ? Kind::reload : Kind::stop;
  }

 private:
  ::sigset_t set_{};
};

}  // namespace durward::gateway
