#include "gateway/secret_echo.hpp"

#include <cstring>
#include <stdexcept>

namespace durward::gateway {

namespace {

unsigned hex4(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits) value = value * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  return value;
}

struct Decoded {
  char bytes[4];
  std::size_t size = 1;   // bytes that it stands for
  std::size_t taken = 2;  // bytes of the text
};

void put_utf8(unsigned code, Decoded& out) {
  const auto byte = [](unsigned value) { return static_cast<char>(value); };
  if (code < 0x80) {
    out.bytes[0] = byte(code);
    out.size = 1;
  } else if (code < 0x800) {
    out.bytes[0] = byte(0xC0 | code >> 6);
    out.bytes[1] = byte(0x80 | (code & 0x3F));
    out.size = 2;
  } else if (code < 0x10000) {
    out.bytes[0] = byte(0xE0 | code >> 12);
    out.bytes[1] = byte(0x80 | (code >> 6 & 0x3F));
    out.bytes[2] = byte(0x80 | (code & 0x3F));
    out.size = 3;
  } else {
    out.bytes[0] = byte(0xF0 | code >> 18);
    out.bytes[1] = byte(0x80 | (code >> 12 & 0x3F));
    out.bytes[2] = byte(0x80 | (code >> 6 & 0x3F));
    out.bytes[3] = byte(0x80 | (code & 0x3F));
    out.size = 4;
  }
}

// An escape, which text begins with. The text is strict JSON, so it is whole.
Decoded unescape(std::string_view text) {
  Decoded out;
  out.bytes[0] = text[1];
  switch (text[1]) {
    case 'b':
      out.bytes[0] = '\b';
      return out;
    case 'f':
      out.bytes[0] = '\f';
      return out;
    case 'n':
      out.bytes[0] = '\n';
      return out;
    case 'r':
      out.bytes[0] = '\r';
      return out;
    case 't':
      out.bytes[0] = '\t';
      return out;
    case 'u':
      break;
    default:
      return out;
  }
  unsigned code = hex4(text.substr(2, 4));
  out.taken = 6;
  const bool pair = code >= 0xD800 && code < 0xDC00 && text.size() >= 12 && text[6] == '\\' && text[7] == 'u';
  const unsigned low = pair ? hex4(text.substr(8, 4)) : 0;
  if (pair && low >= 0xDC00 && low < 0xE000) {
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    out.taken = 12;
  }
  put_utf8(code, out);
  return out;
}

// Of the last bytes that were decoded: where each began in the text. As many as the secret has.
class Begins {
 public:
  explicit Begins(std::size_t size) : ring_(size) {}
  void put(std::size_t at) { ring_[next_++ % ring_.size()] = at; }
  std::size_t first() const { return ring_[next_ % ring_.size()]; }

 private:
  std::vector<std::size_t> ring_;
  std::size_t next_ = 0;
};

void add(std::size_t begin, std::size_t end, std::size_t since, std::vector<Edit>& edits) {
  if (edits.size() > since && begin < edits.back().end) {
    edits.back().end = end;  // they overlap: nothing of either may stay
  } else {
    edits.push_back({begin, end, std::string(SecretEcho::kMark)});
  }
}

}  // namespace

SecretEcho::SecretEcho(std::string_view secret) : secret_(secret), fall_(secret.size(), 0) {
  if (secret.size() < kLeast) throw std::logic_error("a secret that is too short to be found");
  for (std::size_t i = 1, border = 0; i < secret.size(); ++i) {
    while (border > 0 && secret[i] != secret[border]) border = fall_[border - 1];
    if (secret[i] == secret[border]) ++border;
    fall_[i] = static_cast<std::uint32_t>(border);
  }
}

bool SecretEcho::step(char byte, std::size_t& matched) const {
  const std::string_view secret = secret_.reveal();
  if (matched == secret.size()) matched = fall_[matched - 1];
  while (matched > 0 && byte != secret[matched]) matched = fall_[matched - 1];
  if (byte == secret[matched]) ++matched;
  return matched == secret.size();
}

void SecretEcho::find(std::string_view json, std::vector<Edit>& edits) const {
  const std::size_t since = edits.size();
  const std::string_view secret = secret_.reveal();
  // What stands in a text without escapes stands there as it is; memmem is linear, too, and looks at many bytes at a time.
  const bool plain = secret.find_first_of("\"\\") == std::string_view::npos && json.find('\\') == std::string_view::npos;
  if (plain && ::memmem(json.data(), json.size(), secret.data(), secret.size()) == nullptr) return;
  Begins begins(fall_.size());
  std::size_t matched = 0;
  bool inside = false;
  for (std::size_t at = 0; at < json.size();) {
    const char c = json[at];
    if (c == '"') {
      inside = !inside;
      matched = 0;  // never over the end of a string: the text must stay JSON
      ++at;
    } else if (!inside) {
      ++at;
    } else if (c != '\\') {
      begins.put(at++);
      if (step(c, matched)) add(begins.first(), at, since, edits);
    } else {
      const Decoded decoded = unescape(json.substr(at));
      const std::size_t end = at + decoded.taken;
      for (std::size_t i = 0; i < decoded.size; ++i) {
        begins.put(at);
        if (step(decoded.bytes[i], matched)) add(begins.first(), end, since, edits);
      }
      at = end;
    }
  }
}

bool SecretEcho::in(std::string_view text) const {
  std::size_t matched = 0;
  for (const char c : text)
    if (step(c, matched)) return true;
  return false;
}

}  // namespace durward::gateway
