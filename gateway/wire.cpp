#include "gateway/wire.hpp"

#include <array>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <ostream>  // Beast lacks it

namespace durward::gateway {
namespace {

void append_number(std::string& out, std::size_t number, int base = 10) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  out.append(digits.data(), end.ptr);
}

std::string_view reason_phrase(unsigned status) {
  const auto phrase = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {phrase.data(), phrase.size()};
}

constexpr std::size_t kLines = 128;  // room for the first line and the framing

}  // namespace

std::string response_head(unsigned status, const Headers& headers, bool chunked, std::size_t length, bool keep_alive) {
  std::string out;
  out.reserve(headers.wire().size() + kLines);
  out += "HTTP/1.1 ";
  append_number(out, status);
  out.append(" ").append(reason_phrase(status)).append("\r\n");
  out += headers.wire();
  if (chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (status != 204) {
    out += "Content-Length: ";
    append_number(out, length);
    out += "\r\n";
  }
  out += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
  return out;
}

std::string request_head(std::string_view method, std::string_view target, std::string_view host, const Headers& headers,
                         std::size_t length) {
  std::string out;
  out.reserve(headers.wire().size() + kLines + target.size() + host.size());
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(host).append("\r\n");
  out += headers.wire();
  if (length > 0 || method == "POST") {
    out += "Content-Length: ";
    append_number(out, length);
    out += "\r\n";
  }
  out += "\r\n";
  return out;
}

std::string chunk_line(std::size_t length) {
  std::string out;
  append_number(out, length, 16);
  out += "\r\n";
  return out;
}

}  // namespace durward::gateway
