#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "gateway/loop.hpp"
#include "gateway/pipeline.hpp"

namespace durward::gateway {

/// Holds a port for this process while it starts: bound without SO_REUSEPORT, so a port that another gateway serves is refused.
/// The bound port (where 0 was asked for), or one sentence of error.
policy::Outcome<std::uint16_t, std::string> probe_port(const std::string& address, std::uint16_t port);

/// Whether the port can be bound now: false where somebody else has it. Errors as of probe_port: an address that is not this
/// machine's, a port that this user may not have.
policy::Outcome<bool, std::string> port_free(const std::string& address, std::uint16_t port);

/// Binds (SO_REUSEPORT) and listens. Errors: one sentence.
policy::Outcome<void, std::string> open_acceptor(Acceptor& acceptor, const std::string& address, std::uint16_t port);

/// Accepts connections for one loop, on a socket of its own (SO_REUSEPORT).
class Listener {
 public:
  explicit Listener(Loop& loop, Pipeline& pipeline) : loop_(loop), pipeline_(pipeline), acceptor_(loop.io.get_executor()) {}
  policy::Outcome<void, std::string> open(const std::string& address, std::uint16_t port);
  void start();
  /// Takes what waits in the backlog, then closes: nobody who was let into the queue is turned away.
  void drain();

 private:
  Task<> accept();
  void welcome(Socket socket);
  Loop& loop_;
  Pipeline& pipeline_;
  Acceptor acceptor_;
};

/// The form in which addresses are counted: an IPv6 address as its /64.
std::string counted_address(const boost::asio::ip::address& address);

}  // namespace durward::gateway
