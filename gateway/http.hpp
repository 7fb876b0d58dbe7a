#pragma once
#include <boost/beast/http/basic_parser.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/strict.hpp"
#include "gateway/wire.hpp"

/// HTTP/1.1 without I/O. The head is read by gateway/strict and judged by gateway/head; Beast's parser, which must read the
/// same fields in it, frames the body.
namespace durward::gateway {

namespace http = boost::beast::http;

/// Beast's parser, given a head that was read before it, and then the payload.
template <bool isRequest>
class Framing final : public http::basic_parser<isRequest> {
 public:
  /// Appends payload to `body`; both outlive this.
  Framing(const Head& head, std::string& body) : head_(head), body_(body) {}
  bool agrees() const { return read_ == head_.fields.size(); }

 private:
  using View = boost::beast::string_view;
  using Error = boost::beast::error_code;
  void on_request_impl(http::verb, View, View, int, Error&) override {}
  void on_response_impl(int, View, int, Error&) override {}
  void on_field_impl(http::field, View name, View value, Error& ec) override;
  void on_header_impl(Error&) override { head_done_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Error&) override;
  std::size_t on_body_impl(View payload, Error&) override;
  void on_chunk_header_impl(std::uint64_t, View extension, Error& ec) override;
  std::size_t on_chunk_body_impl(std::uint64_t, View payload, Error& ec) override { return on_body_impl(payload, ec); }
  void on_finish_impl(Error&) override {}

  const Head& head_;
  std::string& body_;
  std::size_t read_ = 0;
  bool head_done_ = false;  // fields that come later are trailers
};

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
  bool done() const { return head_done_ && framing_->is_done(); }
  bool keep_alive() const { return head_done_ && framing_->keep_alive(); }
  /// Gives back what an idle connection need not hold. The message is forgotten.
  void rest();

  Head head;            // its views stay valid until reset()
  unsigned status = 0;  // of a response
  std::string body;     // payload not yet taken

 private:
  policy::Outcome<void> read_head();
  policy::Violation refused(boost::beast::error_code ec) const;
  ParserLimits limits_;
  HeadEnd end_;
  std::string bytes_;  // of the head
  std::optional<Framing<isRequest>> framing_;
  bool head_done_ = false;
};

extern template class Parser<true>;
extern template class Parser<false>;
using RequestParser = Parser<true>;
using ResponseParser = Parser<false>;

}  // namespace durward::gateway
