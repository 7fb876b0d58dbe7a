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

std::size_t size_of(const Headers& headers) {
  std::size_t size = 128;  // for the line and the framing
  for (const auto& [name, value] : headers) size += name.size() + value.size() + 4;
  return size;
}

void append_headers(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers) out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string response_head(unsigned status, const Headers& headers, bool chunked, std::size_t length, bool keep_alive) {
  std::string out;
  out.reserve(size_of(headers));
  out += "HTTP/1.1 ";
  append_number(out, status);
  out.append(" ").append(reason_phrase(status)).append("\r\n");
  append_headers(out, headers);
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
  out.reserve(size_of(headers) + target.size() + host.size());
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(host).append("\r\n");
  append_headers(out, headers);
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
