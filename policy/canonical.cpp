#include "policy/canonical.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <list>
#include <utility>
#include <vector>

#include "policy/json_text.hpp"

namespace durward::json {
namespace {

/// Plain RFC 8785, or X.
enum class Form { jcs, x };

constexpr std::int64_t kFarExponent = 1'000'000'000'000;  // beyond what the digits of a text could make up for

bool is_surrogate(std::uint32_t code) { return code >= 0xD800 && code < 0xE000; }

std::u16string utf16(std::string_view wtf8) {
  std::u16string out;
  for (std::size_t i = 0; i < wtf8.size();) {
    const auto byte = [&](std::size_t k) { return static_cast<std::uint32_t>(static_cast<unsigned char>(wtf8[i + k])); };
    const std::uint32_t lead = byte(0);
    if (lead < 0x80) {
      out += static_cast<char16_t>(lead), i += 1;
    } else if (lead < 0xE0) {
      out += static_cast<char16_t>((lead & 0x1F) << 6 | (byte(1) & 0x3F)), i += 2;
    } else if (lead < 0xF0) {
      out += static_cast<char16_t>((lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F)), i += 3;
    } else {
      const std::uint32_t code = (lead & 7) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
      out += static_cast<char16_t>(0xD800 + ((code - 0x10000) >> 10));
      out += static_cast<char16_t>(0xDC00 + (code & 0x3FF)), i += 4;
    }
  }
  return out;
}

/// A member with its decoded name: a view into the document, or into `storage` where it had escapes.
struct Keyed {
  std::string_view name;
  Member member;
};

std::vector<Keyed> keyed(Value object, std::list<std::string>& storage) {
  std::vector<Keyed> out;
  out.reserve(object.size());
  for (const Member member : object.members()) {
    const std::string_view token = member.key.raw();
    const auto plain = member.key.plain();
    out.push_back({plain ? *plain : storage.emplace_back(unescape(token.substr(1, token.size() - 2), Lone::keep)), member});
  }
  return out;
}

/// Members in the order of their names' UTF-16 code units. Below U+D000 that is the order of the UTF-8 bytes.
void sort_wide(Value object, std::vector<Member>& out) {
  std::list<std::string> storage;
  std::vector<std::pair<std::u16string, Member>> wide;
  wide.reserve(object.size());
  for (const Keyed& one : keyed(object, storage)) wide.emplace_back(utf16(one.name), one.member);
  std::sort(wide.begin(), wide.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& one : wide) out.push_back(one.second);
}

/// The same of an object all of whose names stand without escapes and below U+D000, as nearly all do; false where they do not.
bool sort_plain(Value object, std::vector<Member>& out) {
  const std::size_t had = out.size();
  const auto low = [](char c) { return static_cast<unsigned char>(c) < 0xED; };
  for (const Member member : object.members()) {
    const auto plain = member.key.plain();
    if (!plain || !std::all_of(plain->begin(), plain->end(), low)) {
      out.resize(had);
      return false;
    }
    out.push_back(member);
  }
  std::sort(out.begin() + static_cast<std::ptrdiff_t>(had), out.end(),
            [](const Member& a, const Member& b) { return *a.key.plain() < *b.key.plain(); });
  return true;
}

/// Whether a number token that no double can hold is too large, rather than too small: by the decimal exponent of its first
/// digit that is not zero.
bool overflows(std::string_view token) {
  const std::size_t e = token.find_first_of("eE");
  const std::string_view mantissa = token.substr(0, e);
  const std::size_t first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return false;
  std::int64_t exponent = 0;
  if (e != std::string_view::npos) {
    const std::size_t from = token[e + 1] == '+' ? e + 2 : e + 1;
    const auto read = std::from_chars(token.data() + from, token.data() + token.size(), exponent);
    if (read.ec == std::errc::result_out_of_range || std::llabs(exponent) > kFarExponent) return token[from] != '-';
  }
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  return static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) + exponent > 0;
}

/// The double nearest to a number token of JSON; infinite on overflow.
double to_double(std::string_view token) {
  double value = 0;
  const auto parsed = std::from_chars(token.data(), token.data() + token.size(), value);
  if (parsed.ec != std::errc::result_out_of_range) return value;
  return overflows(token) ? HUGE_VAL : 0.0;
}

/// Writes one value and all within it, without recursion. One failure ends it.
class Writer {
 public:
  explicit Writer(Form form) : form_(form) {}

  policy::Outcome<std::string, Unrepresentable> write(Value root) {
    out_.reserve(root.raw().size());
    members_.reserve(16);
    open_.reserve(8);
    put(root);
    while (!failed_ && !open_.empty()) step();
    if (failed_) return *failed_;
    return std::move(out_);
  }

 private:
  /// A container whose opening bracket is written. What is within it lies in members_ from begin on, up to the next one's.
  struct Open {
    std::size_t begin, next;
    bool object;
  };

  void fail(Value where, const char* why) {
    if (!failed_) failed_ = Unrepresentable{why, where.offset()};
  }

  void put(Value value) {
    switch (value.kind()) {
      case Kind::number:
        return put_number(value);
      case Kind::string:
        return put_string(value);
      case Kind::object:
        out_ += '{';
        open_.push_back({members_.size(), members_.size(), true});
        if (!sort_plain(value, members_)) sort_wide(value, members_);
        return;
      case Kind::array:
        out_ += '[';
        open_.push_back({members_.size(), members_.size(), false});
        for (const Value element : value.elements()) members_.push_back({{}, element});
        return;
      default:
        out_ += value.raw();
    }
  }

  void step() {
    Open& top = open_.back();
    if (top.next == members_.size()) {
      out_ += top.object ? '}' : ']';
      members_.resize(top.begin);
      open_.pop_back();
      return;
    }
    if (top.next != top.begin) out_ += ',';
    const Member member = members_[top.next++];
    if (top.object) {
      put_string(member.key);
      out_ += ':';
    }
    put(member.value);  // top may move
  }

  /// X leaves every number as it is written: a token is either the ECMAScript form of its double or stands as it is.
  void put_number(Value value) {
    if (form_ == Form::x) {
      out_ += value.raw();
      return;
    }
    const double number_value = to_double(value.raw());
    if (!std::isfinite(number_value)) return fail(value, "the number does not fit a double");
    out_ += number(number_value);
  }

  /// A token without escapes is canonical already: it holds no control character, quote or backslash.
  void put_string(Value value) {
    std::string_view rest = value.raw();
    if (value.plain()) {
      out_ += rest;
      return;
    }
    while (true) {
      const std::size_t backslash = rest.find('\\');
      out_.append(rest, 0, backslash);
      if (backslash == std::string_view::npos) return;
      rest.remove_prefix(backslash);
      const Escape escape = read_escape(rest);
      rest.remove_prefix(escape.length);
      if (is_surrogate(escape.code)) {
        if (form_ == Form::jcs) return fail(value, "the string holds half of a surrogate pair");
        put_lone(escape.code);
      } else {
        append_character(out_, escape.code);
      }
    }
  }

  /// As ECMAScript's well-formed JSON.stringify does.
  void put_lone(std::uint32_t code) {
    out_ += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out_ += "0123456789abcdef"[code >> shift & 15];
  }

  Form form_;
  std::string out_;
  std::vector<Open> open_;
  std::vector<Member> members_;  // of an object, in canonical order; of an array the values are what counts
  std::optional<Unrepresentable> failed_;
};

}  // namespace

policy::Outcome<std::string, Unrepresentable> jcs(Value value) { return Writer(Form::jcs).write(value); }

std::string x(Value value) { return *Writer(Form::x).write(value); }

std::string number(double value) {
  if (value == 0) return "0";  // also -0
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::scientific).ptr;
  // "d.ddde±xx", the shortest digits that read back as value and of those the nearest: the same digits as ECMAScript's.
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const std::size_t e = text.find('e');
  std::string digits(text, 0, 1);
  if (e > 1) digits.append(text, 2, e - 2);
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), end, exponent);
  const int n = exponent + 1;  // places before the point
  const int k = static_cast<int>(digits.size());
  const auto length = [](int count) { return static_cast<std::size_t>(count); };
  std::string out = value < 0 ? "-" : "";
  if (k <= n && n <= 21) return out + digits + std::string(length(n - k), '0');
  if (0 < n && n <= 21) return out + digits.substr(0, length(n)) + "." + digits.substr(length(n));
  if (-6 < n && n <= 0) return out + "0." + std::string(length(-n), '0') + digits;
  out += digits[0];
  if (k > 1) out += "." + digits.substr(1);
  return out + (exponent < 0 ? "e-" : "e+") + std::to_string(std::abs(exponent));
}

}  // namespace durward::json
