#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/outcome.hpp"

struct redisReader;

/// Redis' protocol, by hiredis: commands to bytes, bytes to replies.
namespace durward::quotas {

struct Reply {
  enum class Kind : std::uint8_t { text, number, list, nothing, error };
  Kind kind = Kind::nothing;
  std::int64_t number = 0;
  std::string text;  // of an error, too: "NOSCRIPT No matching script"
  std::vector<Reply> list;
};

std::string encode(const std::vector<std::string_view>& words);

/// Replies out of a stream of bytes.
class Replies {
 public:
  static constexpr std::size_t kMostBytes = 1U << 20;  // of one reply
  Replies();
  void feed(std::string_view bytes);
  /// The next whole reply; nothing: it has not come yet. An error: what came is no reply, or one beyond the bounds; the stream
  /// is over.
  policy::Outcome<std::optional<Reply>, std::string> next();

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<redisReader, Free> reader_;
  std::size_t fed_ = 0;  // since the last whole reply
};

}  // namespace durward::quotas
