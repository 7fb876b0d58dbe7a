#include "gateway/http.hpp"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>

namespace durward::gateway {

namespace {
using View = boost::beast::string_view;
std::string_view sv(View text) { return {text.data(), text.size()}; }

void take_field(Storage& storage, View name, View value, boost::beast::error_code& ec) {
  if (storage.head.fields.size() >= storage.fields_max) {
    ec = http::error::header_limit;
    return;
  }
  storage.add(sv(name), sv(value));
}
}  // namespace

void Storage::add(std::string_view name, std::string_view value) {
  std::string_view kept_name = keep(name);
  head.fields.push_back(Field{kept_name, keep(value)});
}

std::string_view Storage::keep(std::string_view text) { return kept_.emplace_back(text); }

void RequestParser::on_request_impl(http::verb, View method, View target, int version, boost::beast::error_code&) {
  storage.head.version = static_cast<unsigned>(version);
  storage.head.method = storage.keep(sv(method));
  storage.head.target = storage.keep(sv(target));
}
void RequestParser::on_field_impl(http::field, View name, View value, boost::beast::error_code& ec) {
  // The head has been judged: nothing may be added to it behind the body.
  if (storage.head_done) {
    ec = http::error::bad_field;
    return;
  }
  take_field(storage, name, value, ec);
}
std::size_t RequestParser::on_body_impl(View body, boost::beast::error_code&) {
  storage.body.append(body.data(), body.size());
  return body.size();
}
std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, View body, boost::beast::error_code&) {
  storage.body.append(body.data(), body.size());
  return body.size();
}

void ResponseParser::on_response_impl(int status, View, int, boost::beast::error_code&) {
  storage.status = static_cast<unsigned>(status);
}
void ResponseParser::on_field_impl(http::field, View name, View value, boost::beast::error_code& ec) {
  if (!storage.head_done) take_field(storage, name, value, ec);  // trailers are dropped
}
std::size_t ResponseParser::on_body_impl(View body, boost::beast::error_code&) {
  storage.body.append(body.data(), body.size());
  return body.size();
}
std::size_t ResponseParser::on_chunk_body_impl(std::uint64_t, View body, boost::beast::error_code&) {
  storage.body.append(body.data(), body.size());
  return body.size();
}

std::string_view reason_phrase(unsigned status) { return sv(http::obsolete_reason(static_cast<http::status>(status))); }

namespace {
void append_headers(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
}
}  // namespace

std::string response_head(unsigned status, const Headers& headers, bool chunked, std::size_t length, bool keep_alive) {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", status, reason_phrase(status));
  append_headers(out, headers);
  if (chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (status != 204) {
    out += fmt::format("Content-Length: {}\r\n", length);
  }
  out += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
  return out;
}

std::string request_head(std::string_view method, std::string_view target, std::string_view host, const Headers& headers,
                         std::size_t length) {
  std::string out = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", method, target, host);
  append_headers(out, headers);
  if (length > 0 || method == "POST") out += fmt::format("Content-Length: {}\r\n", length);
  out += "\r\n";
  return out;
}

std::string chunk(std::string_view payload) {
  if (payload.empty()) return "0\r\n\r\n";
  return fmt::format("{:x}\r\n{}\r\n", payload.size(), payload);
}

}  // namespace durward::gateway
