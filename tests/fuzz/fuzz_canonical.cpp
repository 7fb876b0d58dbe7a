#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "policy/canonical.hpp"
#include "tests/fuzz/fuzz.hpp"

// A canonical form is a fixed point, the same for every way to write the value, and a double's text is its shortest.
namespace {

using namespace durward::fuzz;
using durward::json::Document;
using durward::json::Kind;
using durward::json::Member;
using durward::json::Value;

std::size_t digits(std::string_view number) {
  std::string kept;
  for (const char c : number.substr(0, number.find_first_of("eE")))
    if (c >= '0' && c <= '9') kept += c;
  const std::size_t first = std::min(kept.find_first_not_of('0'), kept.size());
  return std::min(kept.find_last_not_of('0') + 1, kept.size()) - first;
}

/// A double reads back from its text, and no text with fewer digits would do.
void try_number(double value) {
  if (!std::isfinite(value)) return;
  const std::string text = durward::json::number(value);
  double back = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), back);
  must(read.ptr == text.data() + text.size() && back == value);
  if (value == 0) return must(text == "0");
  for (std::size_t fewer = 1; fewer < digits(text); ++fewer) {
    char shorter[40];
    std::snprintf(shorter, sizeof shorter, "%.*e", static_cast<int>(fewer) - 1, value);
    must(std::strtod(shorter, nullptr) != value);
  }
}

/// The same value written in another way: members backwards, spaces between tokens, strings escaped in full where they can be.
void rewrite(Value value, std::string& out) {
  const char* between = "";
  if (value.is(Kind::array)) {
    out += "[ ";
    for (const Value element : value.elements()) {
      out += std::exchange(between, " ,\t");
      rewrite(element, out);
    }
    out += " ]";
  } else if (value.is(Kind::object)) {
    std::vector<Member> members;
    for (const Member member : value.members()) members.push_back(member);
    out += "{\n";
    for (auto member = members.rbegin(); member != members.rend(); ++member) {
      out += std::exchange(between, "\r,");
      rewrite(member->key, out);
      out += " : ";
      rewrite(member->value, out);
    }
    out += "}";
  } else if (value.is(Kind::string) && value.plain()) {
    out += '"';
    const std::string text = value.string();
    for (const char c : text) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04X", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += static_cast<unsigned char>(c) < 0x80 ? std::string(escape) : std::string(1, c);
    }
    out += '"';
  } else {
    out += value.raw();
  }
}

/// Sorted by UTF-16, as the order of names in a canonical text shows, is what a sort by code units of our own says.
std::u16string units(Value key) {
  std::u16string out;
  std::string text = key.string();
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
    i += length;
    if (point >= 0x10000) {
      out += static_cast<char16_t>(0xD800 + ((point - 0x10000) >> 10));
      out += static_cast<char16_t>(0xDC00 + ((point - 0x10000) & 0x3FF));
    } else {
      out += static_cast<char16_t>(point);
    }
  }
  return out;
}

void sorted(Value value) {
  std::u16string last;
  bool first = true;
  for (const Value element : value.elements()) sorted(element);
  for (const Member member : value.members()) {
    std::u16string name = units(member.key);
    must(std::exchange(first, false) || last < name);
    last = std::move(name);
    sorted(member.value);
  }
}

void try_text(const std::string& text) {
  const auto parsed = Document::parse(text);
  const std::string quoted = durward::json::quote(text);
  const auto string = Document::parse(quoted);
  must(string && durward::json::x(string->root()) == quoted);
  if (!parsed) return;
  const std::string exact = durward::json::x(parsed->root());
  const auto plain = durward::json::jcs(parsed->root());
  std::string other;
  rewrite(parsed->root(), other);
  for (const std::string& same : {exact, other}) {
    const auto again = Document::parse(same);
    must(again && durward::json::x(again->root()) == exact);
    const auto plain_again = durward::json::jcs(again->root());
    must(static_cast<bool>(plain) == static_cast<bool>(plain_again) && (!plain || *plain == *plain_again));
  }
  if (!plain) return must(plain.error().offset < text.size() && !plain.error().why.empty());
  const auto reread = Document::parse(*plain);
  must(static_cast<bool>(reread));
  sorted(reread->root());
  const auto twice = durward::json::jcs(reread->root());
  must(twice && *twice == *plain && durward::json::x(reread->root()) == *plain);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  double value = 0;
  if (size >= sizeof value) {
    std::memcpy(&value, data, sizeof value);
    try_number(value);
  }
  try_text(std::string(text_of(data, size)));
  return 0;
}
