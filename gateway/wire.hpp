#pragma once
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// HTTP/1.1 as the gateway writes it.
namespace durward::gateway {

/// The fields of a head that the gateway writes, in wire form. Names and values come from us, or have been read strictly.
class Headers {
 public:
  using List = std::vector<std::pair<std::string, std::string>>;
  Headers() { wire_.reserve(512); }
  Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) : Headers() {
    for (const auto& [name, value] : fields) add(name, value);
  }
  void add(std::string_view name, std::string_view value) { wire_.append(name).append(": ").append(value).append("\r\n"); }
  void add(const List& fields) {
    for (const auto& [name, value] : fields) add(name, value);
  }
  const std::string& wire() const { return wire_; }

 private:
  std::string wire_;
};

/// A response head in wire form, through the blank line. chunked: Transfer-Encoding instead of Content-Length.
std::string response_head(unsigned status, const Headers& headers, bool chunked, std::size_t length, bool keep_alive);
/// A request head in wire form for a body of known length.
std::string request_head(std::string_view method, std::string_view target, std::string_view host, const Headers& headers,
                         std::size_t length);
/// The line before a chunk's payload, which is not empty; CRLF follows it.
std::string chunk_line(std::size_t length);

inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace durward::gateway
