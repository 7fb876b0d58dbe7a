#pragma once
#include <optional>
#include <string>

#include "gateway/downstream.hpp"
#include "gateway/loop.hpp"
#include "gateway/pipeline.hpp"

namespace durward::gateway {

/// One connection from accept to close: TLS, if the listener has it, and exchanges, one after the other. Lives on its loop.
class Connection {
 public:
  Connection(Loop& loop, Pipeline& pipeline, Socket socket, std::string address, Buffered& of_address);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Task<> run();
  /// No exchange after the one under way; an idle connection has a moment for a request that is already on the wire.
  void drain();
  /// Closes now, whatever is under way.
  void cut();

 private:
  Task<bool> secure();
  void begin(Exchange& x);
  Loop& loop_;
  Pipeline& pipeline_;
  std::shared_ptr<const TlsServer> tls_;  // to begin with; null: the connection is plain, or its handshake has begun
  Downstream downstream_;
  const std::string address_;
  Buffered& of_address_;
  std::optional<ClientCertificate> certificate_;  // of the caller, which TLS has verified
};

}  // namespace durward::gateway
