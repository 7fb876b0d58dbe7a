#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "policy/json.hpp"

namespace {

using durward::json::Document;
using durward::json::Kind;
using durward::json::Member;
using durward::json::Value;

void require(bool good) {
  if (!good) std::abort();
}

/// Every value lies within its parent, in order, and its accessors agree with its kind.
void walk(Value value, std::string_view text) {
  const std::string_view raw = value.raw();
  require(!raw.empty() && text.substr(value.offset(), raw.size()).data() == raw.data());
  std::size_t from = value.offset() + 1;
  std::size_t count = 0;
  const auto inside = [&](Value part) {
    require(part.offset() >= from && part.offset() + part.raw().size() < value.offset() + raw.size());
    from = part.offset() + part.raw().size();
  };
  for (const Value element : value.elements()) inside(element), walk(element, text), ++count;
  for (const Member member : value.members()) {
    inside(member.key), inside(member.value);
    require(value.find(member.key.string()).offset() == member.value.offset());
    walk(member.value, text), ++count;
  }
  require(count == value.size());
  if (value.is(Kind::string)) require(value.equals(value.string()) && simdjson::validate_utf8(value.string()));
  if (value.plain()) require(*value.plain() == value.string());
}

/// What simdjson says of the structure alone: it also refuses numbers beyond a double and halves of surrogate pairs.
bool well_formed(const std::string& text) {
  simdjson::dom::parser parser;
  const auto error = parser.parse(text).error();
  return error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR || error == simdjson::STRING_ERROR;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto parsed = Document::parse(text);
  if (parsed) {
    require(well_formed(text));
    walk(parsed->root(), parsed->text());
    return 0;
  }
  require(parsed.error().offset <= text.size());
  if (parsed.error().fault == durward::json::Fault::syntax) {
    simdjson::dom::parser parser;
    require(text.starts_with("\xEF\xBB\xBF") || parser.parse(text).error() != simdjson::SUCCESS);
  }
  return 0;
}
