#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "quotas/answer.hpp"
#include "quotas/redis_codec.hpp"
#include "quotas/redis_setup.hpp"

namespace durward::quotas {

/// The way to one Redis: one connection with pipelining, on a thread of its own, that comes back by itself. While it is away,
/// and while Redis misses its deadlines, commands fail at once: the link asks for it with a PING ten times a second, or
/// connects anew with growing pauses of at most a second.
class RedisLink {
 public:
  using OnReply = std::function<void(Answer<Reply>)>;  // on the link's thread, or inside send

  /// An error: TLS's files cannot be used. Whether Redis is there shows later.
  static policy::Outcome<std::unique_ptr<RedisLink>, std::string> open(RedisSetup setup);
  virtual ~RedisLink() = default;

  /// Ends within the deadline. unavailable: it was not sent; late: it was, and there is no answer. An error of Redis is a
  /// Reply.
  virtual void send(std::string command, OnReply on_reply) = 0;
  virtual bool reachable() const = 0;
  virtual std::uint64_t waiting() const = 0;
  /// Waits for what was sent; from then on commands are unavailable.
  virtual void close() = 0;
};

}  // namespace durward::quotas
