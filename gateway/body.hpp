#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "gateway/head.hpp"

namespace durward::gateway {

/// Takes the payload of one message out of its framing, as strictly as gateway/strict reads heads: one reading, or none. How
/// the bytes are cut up makes no difference to the verdict.
class BodyReader {
 public:
  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();
  /// In bytes, but for trailer_fields.
  struct Limits {
    std::uint64_t payload = kNoLimit;
    std::size_t trailer_bytes = 0, trailer_fields = 0;
  };
  enum class Fault : std::uint8_t { none, malformed, too_large };

  /// Another message begins. may_trail: whether a trailer may have that name; null: any may.
  Fault begin(const Framing& framing, const Limits& limits, bool (*may_trail)(std::string_view));
  /// Takes from the front of `unread`, appending payload to `to`: how many bytes, 0 as long as it needs more at once, or once
  /// it is done. Look at fault() then: after one nothing more is taken.
  std::size_t put(std::string_view unread, std::string& to);
  Fault fault() const { return fault_; }
  const char* detail() const { return detail_; }  // of a fault, for the operator
  /// The peer has closed its side. False: within the body.
  bool put_end();
  bool done() const { return at_ == At::end; }
  void forget() { at_ = At::nothing; }

 private:
  enum class At : std::uint8_t { nothing, size, payload, chunk_end, trailer, end };
  std::size_t take_payload(std::string_view unread, std::string& to);
  std::size_t take_chunk_end(std::string_view unread);
  std::size_t take_line(std::string_view unread);
  void read_size(std::string_view line);
  void read_trailer(std::string_view line);
  std::size_t refuse(const char* detail, Fault fault = Fault::malformed);

  Framing::End end_ = Framing::End::at_once;
  At at_ = At::nothing;
  Fault fault_ = Fault::none;
  const char* detail_ = "";
  std::uint64_t left_ = 0;                              // of the payload, or of the chunk
  std::uint64_t room_ = 0;                              // for payload, within its limit
  std::size_t trailer_bytes_ = 0, trailer_fields_ = 0;  // more that may come
  bool (*may_trail_)(std::string_view) = nullptr;
};

}  // namespace durward::gateway
