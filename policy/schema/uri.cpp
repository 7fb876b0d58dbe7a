#include "policy/schema/uri.hpp"

#include <algorithm>
#include <cctype>

namespace durward::schema {
namespace {

bool is_scheme(std::string_view text) {
  if (text.empty() || std::isalpha(static_cast<unsigned char>(text.front())) == 0) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
  });
}

/// Section 5.2.4.
std::string without_dots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    if (path.starts_with("../")) {
      path.remove_prefix(3);
    } else if (path.starts_with("./") || path.starts_with("/./")) {
      path.remove_prefix(2);
    } else if (path == "/.") {
      path = "/";
    } else if (path.starts_with("/../") || path == "/..") {
      path = path == "/.." ? std::string_view("/") : path.substr(3);
      out.erase(std::min(out.rfind('/'), out.size()));
    } else if (path == "." || path == "..") {
      path = {};
    } else {
      const std::size_t end = std::min(path.find('/', 1), path.size());
      out += path.substr(0, end);
      path.remove_prefix(end);
    }
  }
  return out;
}

std::string merged(const UriParts& base, std::string_view path) {
  if (base.has_authority && base.path.empty()) return "/" + std::string(path);
  const std::size_t slash = base.path.rfind('/');
  return std::string(slash == std::string_view::npos ? std::string_view() : base.path.substr(0, slash + 1)) + std::string(path);
}

std::string joined(std::string_view scheme, const UriParts& authority, std::string_view path, const UriParts& query) {
  std::string out;
  if (!scheme.empty()) out.append(scheme) += ':';
  if (authority.has_authority) out.append("//").append(authority.authority);
  out += path;
  if (query.has_query) out.append("?").append(query.query);
  return out;
}

int hex(char c) {
  if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return -1;
  return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

}  // namespace

UriParts::UriParts(std::string_view text) {
  const auto cut = [&text](char at, std::string_view& part, bool& there) {
    const std::size_t found = text.find(at);
    there = found != std::string_view::npos;
    if (there) part = text.substr(found + 1), text = text.substr(0, found);
  };
  cut('#', fragment, has_fragment);
  cut('?', query, has_query);
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && is_scheme(text.substr(0, colon))) {
    scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  has_authority = text.starts_with("//");
  if (has_authority) {
    text.remove_prefix(2);
    const std::size_t end = std::min(text.find('/'), text.size());
    authority = text.substr(0, end);
    text.remove_prefix(end);
  }
  path = text;
}

std::string resolve_uri(std::string_view base_text, std::string_view text) {
  const UriParts base(base_text);
  const UriParts reference(text);
  if (!reference.scheme.empty()) return joined(reference.scheme, reference, without_dots(reference.path), reference);
  if (reference.has_authority) return joined(base.scheme, reference, without_dots(reference.path), reference);
  if (reference.path.empty()) return joined(base.scheme, base, base.path, reference.has_query ? reference : base);
  const std::string path = reference.path.starts_with('/') ? std::string(reference.path) : merged(base, reference.path);
  return joined(base.scheme, base, without_dots(path), reference);
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
      out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace durward::schema
