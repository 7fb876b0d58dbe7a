#pragma once
#include <boost/beast/http/basic_parser.hpp>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/head.hpp"

/// HTTP/1.1 framing: Beast's parser, used without its I/O, feeding our own storage.
namespace durward::gateway {

namespace http = boost::beast::http;

using Headers = std::vector<std::pair<std::string, std::string>>;

/// What a parser has read of a message. Views in `head` stay valid until reset.
class Storage {
 public:
  Head head;            // of a response: target is empty, method too
  unsigned status = 0;  // of a response
  unsigned fields_max = 100;
  bool head_done = false;  // fields that come later are trailers
  std::string body;        // payload bytes not yet taken
  void add(std::string_view name, std::string_view value);
  std::string_view keep(std::string_view text);

 private:
  std::deque<std::string> kept_;
};

/// Reads one request: the head into storage, the payload into storage.body. Limits are set by the caller
/// (header_limit, body_limit); more than fields_max fields is http::error::header_limit.
class RequestParser final : public http::basic_parser<true> {
 public:
  Storage storage;

 private:
  void on_request_impl(http::verb, boost::beast::string_view method, boost::beast::string_view target, int,
                       boost::beast::error_code&) override;
  void on_response_impl(int, boost::beast::string_view, int, boost::beast::error_code&) override {}
  void on_field_impl(http::field, boost::beast::string_view name, boost::beast::string_view value,
                     boost::beast::error_code& ec) override;
  void on_header_impl(boost::beast::error_code&) override { storage.head_done = true; }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, boost::beast::error_code&) override {}
  std::size_t on_body_impl(boost::beast::string_view body, boost::beast::error_code&) override;
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, boost::beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view body, boost::beast::error_code&) override;
  void on_finish_impl(boost::beast::error_code&) override {}
};

/// The same for a response.
class ResponseParser final : public http::basic_parser<false> {
 public:
  Storage storage;

 private:
  void on_request_impl(http::verb, boost::beast::string_view, boost::beast::string_view, int,
                       boost::beast::error_code&) override {}
  void on_response_impl(int status, boost::beast::string_view, int, boost::beast::error_code&) override;
  void on_field_impl(http::field, boost::beast::string_view name, boost::beast::string_view value,
                     boost::beast::error_code& ec) override;
  void on_header_impl(boost::beast::error_code&) override { storage.head_done = true; }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, boost::beast::error_code&) override {}
  std::size_t on_body_impl(boost::beast::string_view body, boost::beast::error_code&) override;
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, boost::beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view body, boost::beast::error_code&) override;
  void on_finish_impl(boost::beast::error_code&) override {}
};

/// A response head in wire form, through the blank line. chunked: Transfer-Encoding instead of Content-Length.
std::string response_head(unsigned status, const Headers& headers, bool chunked, std::size_t length, bool keep_alive);
/// A request head in wire form for a body of known length.
std::string request_head(std::string_view method, std::string_view target, std::string_view host, const Headers& headers,
                         std::size_t length);
/// One chunk of a chunked body; an empty payload ends it.
std::string chunk(std::string_view payload);

std::string_view reason_phrase(unsigned status);

}  // namespace durward::gateway
