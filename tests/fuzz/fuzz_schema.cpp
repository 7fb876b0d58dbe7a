#include <algorithm>
#include <string>
#include <vector>

#include "policy/json.hpp"
#include "policy/schema/schema.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/naive_schema.hpp"

// A schema on the first line and a value on the others. The verdict is that of a naive reading of the standard, as far as that
// goes; it does not depend on how schema and value are written, nor on the order of members; and nothing of the value is told.
namespace {

using namespace durward::fuzz;
using durward::json::Document;
using durward::json::Kind;
using durward::json::Member;
using durward::json::Value;
using durward::schema::Options;
using durward::schema::Result;
using durward::schema::Schema;
using durward::schema::Stop;
using durward::schema::Verdict;

/// The same value in other bytes: members in reverse, letters and digits of strings escaped, blanks between.
std::string rewritten(Value value) {
  std::string out;
  switch (value.kind()) {
    case Kind::string: {
      constexpr std::string_view kHex = "0123456789abcdef";
      const std::string_view token = value.raw();
      if (!value.plain()) return std::string(token);
      for (const char c : token.substr(1, token.size() - 2)) {
        const auto code = static_cast<unsigned char>(c);
        if (code < 0x80) {
          out.append("\\u00") += kHex[code >> 4], out += kHex[code & 15];
        } else {
          out += c;
        }
      }
      return '"' + out + '"';
    }
    case Kind::array:
      for (const Value element : value.elements()) out += (out.empty() ? "\n" : " , ") + rewritten(element);
      return '[' + out + " ]";
    case Kind::object:
      for (const Member one : value.members())
        out = '\t' + rewritten(one.key) + " : " + rewritten(one.value) + (out.empty() ? "" : ",") + out;
      return '{' + out + '}';
    default:
      return std::string(value.raw());
  }
}

Options options(bool formats) {
  Options options;
  options.assert_formats = formats;
  options.limits.work = 100'000;
  return options;
}

/// Strings of the value that are no words of ours, which have no Z.
void strings(Value value, std::vector<std::string>& out) {
  const std::string_view token = value.raw();
  if (value.is(Kind::string) && token.size() >= 8 && token.find('Z') != std::string_view::npos) {
    out.emplace_back(token.substr(1, token.size() - 2));
  }
  for (const Value element : value.elements()) strings(element, out);
  for (const Member one : value.members()) strings(one.key, out), strings(one.value, out);
}

void told(const Result& result, std::string_view schema, Value value) {
  must(result.failures.empty() == (result.verdict != Verdict::invalid));
  must(result.failures.size() <= 8 && (result.stop != Stop::none) == (result.verdict == Verdict::undecided));
  const std::string text = explain(result);
  must(text.empty() == (result.verdict == Verdict::valid) && text.size() <= 2048);
  std::vector<std::string> parts;
  strings(value, parts);
  for (const std::string& part : parts)
    must(schema.find(part) != std::string_view::npos || text.find(part) == std::string::npos);
  for (const auto& failure : result.failures) must(!failure.keyword.empty() && !failure.expectation.empty());
}

void judge(const Schema& schema, std::string_view text, Value value) {
  const Result result = schema.validate(value);
  told(result, text, value);
  const Result again = schema.validate(value);
  must(again.verdict == result.verdict && explain(again) == explain(result));
  const auto document = Document::parse(std::string(text));
  const std::optional<bool> naive = NaiveSchema(document->root()).valid(value);
  if (naive && result.verdict != Verdict::undecided) must(*naive == (result.verdict == Verdict::valid));
  // Written otherwise.
  const auto other = Document::parse(rewritten(value));
  const auto turned = Schema::compile(rewritten(document->root()), options(false));
  must(other && static_cast<bool>(turned));
  const Result same = (*turned)->validate(other->root());
  if (same.verdict != Verdict::undecided && result.verdict != Verdict::undecided) must(same.verdict == result.verdict);
  // Less work is no verdict or the same.
  Options less = options(false);
  less.limits.work = schema.work_of(value) / 2;
  const Result hasty = (*Schema::compile(text, less))->validate(value);
  must(hasty.verdict == result.verdict || hasty.verdict == Verdict::undecided);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = text_of(data, size);
  const std::string_view schema = take_line(rest);
  const auto compiled = Schema::compile(schema, options(false));
  if (!compiled) {
    must(!compiled.error().empty() && compiled.error().size() <= durward::schema::Problems::kMost);
    return 0;
  }
  const auto value = Document::parse(std::string(rest));
  if (!value) return 0;
  judge(**compiled, schema, value->root());
  const auto formats = Schema::compile(schema, options(true));
  must(static_cast<bool>(formats));
  told((*formats)->validate(value->root()), schema, value->root());
  return 0;
}
