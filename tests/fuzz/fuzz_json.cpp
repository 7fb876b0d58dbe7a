#include <simdjson.h>

#include <algorithm>
#include <set>
#include <string>

#include "policy/json.hpp"
#include "tests/fuzz/fuzz.hpp"

// The strict parser beside simdjson: what both take they read alike, and what ours refuses alone it refuses for a reason that
// simdjson's tree shows, too. Limits hold exactly where they stand.
namespace {

using namespace durward::fuzz;
using durward::json::Document;
using durward::json::Fault;
using durward::json::Kind;
using durward::json::Limits;
using durward::json::Member;
using durward::json::Value;
using Element = simdjson::dom::element;

struct Size {
  std::size_t depth = 0, nodes = 0;
};

Size operator+(Size a, Size b) { return {std::max(a.depth, b.depth), a.nodes + b.nodes}; }

/// Every value lies within its parent, in order, and its accessors agree with its kind.
Size walk(Value value, std::string_view text) {
  const std::string_view raw = value.raw();
  must(!raw.empty() && text.substr(value.offset(), raw.size()).data() == raw.data());
  std::size_t from = value.offset() + 1;
  std::size_t count = 0;
  Size inner;
  const auto inside = [&](Value part) {
    must(part.offset() >= from && part.offset() + part.raw().size() < value.offset() + raw.size());
    from = part.offset() + part.raw().size();
  };
  for (const Value element : value.elements()) {
    inside(element);
    must(count > 64 || value.at(count).offset() == element.offset());
    inner = inner + walk(element, text);
    ++count;
  }
  for (const Member member : value.members()) {
    inside(member.key), inside(member.value);
    if (count < 64) must(value.find(member.key.string()).offset() == member.value.offset());
    inner = inner + walk(member.value, text) + Size{0, 1};
    ++count;
  }
  must(count == value.size() && !value.at(count));
  if (value.is(Kind::string)) must(value.equals(value.string()) && simdjson::validate_utf8(value.string()));
  if (value.plain()) must(*value.plain() == value.string());
  const bool container = value.is(Kind::array) || value.is(Kind::object);
  return {inner.depth + (container ? 1 : 0), inner.nodes + 1};
}

void same_number(Value ours, Element theirs) {
  constexpr std::int64_t kMost = (std::int64_t{1} << 53) - 1;
  must(ours.is(Kind::number));
  const std::string_view token = ours.raw();
  const bool whole = token.find_first_of(".eE") == std::string_view::npos;
  const bool exact = theirs.is_int64() && theirs.get_int64().value() >= -kMost && theirs.get_int64().value() <= kMost;
  must(ours.integer().has_value() == (whole && exact));
  if (ours.integer()) must(*ours.integer() == theirs.get_int64().value());
}

void same(Value ours, Element theirs) {
  switch (theirs.type()) {
    case simdjson::dom::element_type::ARRAY: {
      const simdjson::dom::array array = theirs.get_array().value();
      auto other = array.begin();
      must(ours.is(Kind::array) && ours.size() == array.size());
      for (const Value element : ours.elements()) same(element, *other), ++other;
      return;
    }
    case simdjson::dom::element_type::OBJECT: {
      const simdjson::dom::object object = theirs.get_object().value();
      auto other = object.begin();
      must(ours.is(Kind::object) && ours.size() == object.size());
      for (const Member member : ours.members()) {
        must(member.key.string() == other.key());
        same(member.value, other.value());
        ++other;
      }
      return;
    }
    case simdjson::dom::element_type::STRING:
      return must(ours.is(Kind::string) && ours.string() == theirs.get_string().value());
    case simdjson::dom::element_type::BOOL:
      return must(ours.is(Kind::boolean) && ours.boolean() == theirs.get_bool().value());
    case simdjson::dom::element_type::NULL_VALUE:
      return must(ours.is(Kind::null));
    default:
      return same_number(ours, theirs);
  }
}

bool has_duplicate(Element element) {
  simdjson::dom::array array;
  simdjson::dom::object object;
  std::set<std::string_view> keys;
  if (element.get(array) == simdjson::SUCCESS) {
    for (const Element one : array)
      if (has_duplicate(one)) return true;
  } else if (element.get(object) == simdjson::SUCCESS) {
    for (const auto [key, value] : object)
      if (!keys.insert(key).second || has_duplicate(value)) return true;
  }
  return false;
}

void accepted(const std::string& text, const Document& document, simdjson::simdjson_result<Element> theirs) {
  // simdjson also refuses numbers beyond a double and halves of surrogate pairs.
  const auto error = theirs.error();
  must(error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR || error == simdjson::STRING_ERROR);
  if (error == simdjson::SUCCESS) {
    must(!has_duplicate(theirs.value()));
    same(document.root(), theirs.value());
  }
  must(document.text() == text);
  const Size size = walk(document.root(), document.text());
  must(size.depth <= Limits{}.depth);
  must(static_cast<bool>(Document::parse(text, {size.depth, size.nodes})));
  must(Document::parse(text, {size.depth, size.nodes - 1}).error().fault == Fault::nodes);
  if (size.depth > 0) must(Document::parse(text, {size.depth - 1, size.nodes}).error().fault == Fault::depth);
}

void refused(const std::string& text, durward::json::Error error, simdjson::simdjson_result<Element> theirs) {
  must(error.offset <= text.size());
  if (text.starts_with("\xEF\xBB\xBF")) return;  // simdjson skips it
  const bool well = theirs.error() == simdjson::SUCCESS;
  if (error.fault == Fault::syntax || error.fault == Fault::utf8) must(!well);
  if (error.fault == Fault::duplicate_member && well) must(has_duplicate(theirs.value()));
  if (error.fault == Fault::depth) {
    must(std::count_if(text.begin(), text.end(), [](char c) { return c == '[' || c == '{'; }) > 64);
    const auto deeper = Document::parse(text, {text.size(), text.size()});
    must(!deeper || walk(deeper->root(), deeper->text()).depth > 64);
  }
  must(error.fault != Fault::nodes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(text_of(data, size));
  simdjson::dom::parser parser;
  const simdjson::simdjson_result<Element> theirs = parser.parse(text);
  const auto parsed = Document::parse(text);
  if (parsed) {
    accepted(text, *parsed, theirs);
  } else {
    refused(text, parsed.error(), theirs);
  }
  return 0;
}
