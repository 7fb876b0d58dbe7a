#include "gateway/http.hpp"

#include <algorithm>

namespace durward::gateway {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

namespace {
constexpr std::size_t kReserve = 64 << 10;  // of what a peer announces, before any of it came
constexpr std::size_t kRestBytes = 4 << 10;
constexpr std::size_t kRestFields = 64;
}  // namespace

template <bool isRequest>
void Parser<isRequest>::reset(const ParserLimits& limits) {
  limits_ = limits;
  end_ = HeadEnd();
  payload_.forget();
  head_done_ = keep_alive_ = false;
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
Violation Parser<isRequest>::refused() const {
  if (payload_.fault() == BodyReader::Fault::too_large) return {Reason::body_too_large, "limits.body_bytes"};
  if (isRequest) return {Reason::http_malformed, payload_.detail()};
  return {Reason::upstream_failed, std::string("not HTTP: ") + payload_.detail()};
}

template <bool isRequest>
Outcome<void> Parser<isRequest>::read_head() {
  Framing framing;
  if constexpr (isRequest) {
    if (auto read = read_request_head(bytes_, limits_.header_fields, head); !read) return read;
    TRY(framing, check_request(head));
    head.target = path_and_query(head.target);
  } else {
    if (auto read = read_response_head(bytes_, limits_.header_fields, head, status); !read) return read;
    TRY(framing, check_response(head, status));
  }
  BodyReader::Limits limits;
  limits.payload = limits_.body_bytes.value_or(BodyReader::kNoLimit);
  limits.trailer_bytes = limits_.header_bytes;
  limits.trailer_fields = limits_.header_fields;
  keep_alive_ = framing.keep_alive;
  if (payload_.begin(framing, limits, isRequest ? &may_trail : nullptr) != BodyReader::Fault::none) return refused();
  body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(framing.length, kReserve)));
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
  const std::size_t used = payload_.put(unread, body);
  if (payload_.fault() != BodyReader::Fault::none) return refused();
  return used;
}

template <bool isRequest>
bool Parser<isRequest>::put_end() {
  return head_done_ && payload_.put_end();
}

template class Parser<true>;
template class Parser<false>;

}  // namespace durward::gateway
