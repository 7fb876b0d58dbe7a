#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "gateway/body.hpp"
#include "gateway/strict.hpp"
#include "gateway/wire.hpp"

/// HTTP/1.1 without I/O. The head is read by gateway/strict and judged by gateway/head, which says what frames the body for
/// gateway/body.
namespace durward::gateway {

struct ParserLimits {
  std::size_t header_bytes = 16 << 10;  // with the request line and the blank line
  std::size_t header_fields = 100;
  std::optional<std::uint64_t> body_bytes;
};

/// Reads one message after the other, keeping its memory. How the bytes are cut up makes no difference to the verdict.
template <bool isRequest>
class Parser {
 public:
  Parser() = default;
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  /// Forgets the last message. All views into it end.
  void reset(const ParserLimits& limits);
  /// Takes the head from the front of `unread`, which begins with it and only grows from call to call: how many bytes, 0 as
  /// long as it is not whole. Errors: those of gateway/strict and gateway/head; body_too_large for a length over body_bytes.
  policy::Outcome<std::size_t> put_head(std::string_view unread);
  /// Takes payload from the front of `unread` into body: how many bytes, 0 as long as it needs more at once. Not after done().
  /// Errors: http_malformed and body_too_large of a request, upstream_failed of a response.
  policy::Outcome<std::size_t> put_body(std::string_view unread);
  /// The peer has closed its side. False: within the message.
  bool put_end();
  bool head_done() const { return head_done_; }
  bool done() const { return payload_.done(); }
  bool keep_alive() const { return head_done_ && keep_alive_; }
  /// Gives back what an idle connection need not hold. The message is forgotten.
  void rest();

  Head head;            // its views stay valid until reset()
  unsigned status = 0;  // of a response
  std::string body;     // payload not yet taken

 private:
  policy::Outcome<void> read_head();
  policy::Violation refused() const;
  ParserLimits limits_;
  HeadEnd end_;
  std::string bytes_;  // of the head
  BodyReader payload_;
  bool head_done_ = false, keep_alive_ = false;
};

extern template class Parser<true>;
extern template class Parser<false>;
using RequestParser = Parser<true>;
using ResponseParser = Parser<false>;

}  // namespace durward::gateway
