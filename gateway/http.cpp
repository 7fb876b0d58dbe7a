#include "gateway/http.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>

namespace durward::gateway {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

namespace {
constexpr std::size_t kReserve = 64 << 10;  // of what a peer announces, before any of it came
constexpr std::size_t kRestBytes = 4 << 10;
constexpr std::size_t kRestFields = 64;
using Buffer = boost::asio::const_buffer;
}  // namespace

template <bool isRequest>
void Framing<isRequest>::on_field_impl(http::field, View name, View value, Error& ec) {
  if (head_done_) {
    // The head has been judged: nothing is added to it behind the body. Trailers are dropped, on both ways.
    if (isRequest && !may_trail({name.data(), name.size()})) ec = http::error::bad_field;
    return;
  }
  const bool same = read_ < head_.fields.size() && head_.fields[read_].name == std::string_view(name.data(), name.size()) &&
                    head_.fields[read_].value == std::string_view(value.data(), value.size());
  if (!same) ec = http::error::bad_field;
  ++read_;
}

template <bool isRequest>
void Framing<isRequest>::on_body_init_impl(const boost::optional<std::uint64_t>& length, Error&) {
  if (length) body_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, kReserve)));
}

// Beast takes anything between quotes.
template <bool isRequest>
void Framing<isRequest>::on_chunk_header_impl(std::uint64_t, View extension, Error& ec) {
  const bool plain = std::all_of(extension.begin(), extension.end(), [](char c) { return is_byte(c, Byte::value); });
  if (!plain) ec = http::error::bad_chunk_extension;
}

template <bool isRequest>
std::size_t Framing<isRequest>::on_body_impl(View payload, Error&) {
  body_.append(payload.data(), payload.size());
  return payload.size();
}

template <bool isRequest>
void Parser<isRequest>::reset(const ParserLimits& limits) {
  limits_ = limits;
  end_ = HeadEnd();
  framing_.reset();
  head_done_ = false;
  head.method = head.target = {};
  head.fields.clear();
  status = 0;
  body.clear();
}

template <bool isRequest>
void Parser<isRequest>::rest() {
  reset(limits_);
  if (bytes_.capacity() > kRestBytes) bytes_ = std::string();
  if (body.capacity() > kRestBytes) body = std::string();
  if (head.fields.capacity() > kRestFields) head.fields = std::vector<Field>();
}

template <bool isRequest>
Violation Parser<isRequest>::refused(boost::beast::error_code ec) const {
  if (ec == http::error::body_limit) return {Reason::body_too_large, "limits.body_bytes"};
  if (isRequest) return {Reason::http_malformed, ec.message()};
  return {Reason::upstream_failed, "not HTTP: " + ec.message()};
}

template <bool isRequest>
Outcome<void> Parser<isRequest>::read_head() {
  if constexpr (isRequest) {
    if (auto read = read_request_head(bytes_, limits_.header_fields, head); !read) return read;
    if (auto checked = check_request(head); !checked) return checked;
  } else {
    if (auto read = read_response_head(bytes_, limits_.header_fields, head, status); !read) return read;
    if (auto checked = check_response(head, status); !checked) return checked;
  }
  framing_.emplace(head, body);
  framing_->header_limit(std::numeric_limits<std::uint32_t>::max());  // it is within ours
  if (limits_.body_bytes) {
    framing_->body_limit(*limits_.body_bytes);
  } else {
    framing_->body_limit(boost::none);
  }
  framing_->eager(false);
  boost::beast::error_code ec;
  const std::size_t used = framing_->put(Buffer(bytes_.data(), bytes_.size()), ec);
  const bool agree = used == bytes_.size() && framing_->is_header_done() && framing_->agrees();
  if (!ec && !agree) ec = http::error::bad_field;
  if (ec) return refused(ec);
  framing_->eager(true);
  if constexpr (isRequest) head.target = path_and_query(head.target);
  return {};
}

template <bool isRequest>
Outcome<std::size_t> Parser<isRequest>::put_head(std::string_view unread) {
  const auto found = end_.find(unread, limits_.header_bytes);
  if (found == HeadEnd::Found::more) return std::size_t{0};
  if (found == HeadEnd::Found::malformed)
    return Violation(isRequest ? Reason::http_malformed : Reason::upstream_failed, "not HTTP: CR or LF where no line ends");
  if (found == HeadEnd::Found::too_large)
    return Violation(isRequest ? Reason::headers_too_large : Reason::upstream_failed, "limits.header_bytes");
  bytes_.assign(unread.substr(0, end_.size()));
  if (auto read = read_head(); !read) return std::move(read).error();
  head_done_ = true;
  return bytes_.size();
}

template <bool isRequest>
Outcome<std::size_t> Parser<isRequest>::put_body(std::string_view unread) {
  boost::beast::error_code ec;
  const std::size_t used = framing_->put(Buffer(unread.data(), unread.size()), ec);
  if (ec && ec != http::error::need_more) return refused(ec);
  return used;
}

template <bool isRequest>
bool Parser<isRequest>::put_end() {
  if (!head_done_) return false;
  boost::beast::error_code ec;
  if (!done()) framing_->put_eof(ec);
  return !ec && done();
}

template class Parser<true>;
template class Parser<false>;

}  // namespace durward::gateway
