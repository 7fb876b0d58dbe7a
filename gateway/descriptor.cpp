#include "gateway/descriptor.hpp"

#include <functional>

#include "gateway/message.hpp"
#include "policy/canonical.hpp"
#include "policy/digest.hpp"
#include "policy/schema/number.hpp"

namespace durward::gateway {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

namespace {

constexpr std::size_t kMostHeaders = 64;
constexpr std::size_t kDeepest = 16;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::string step(std::string_view name) {
  std::string out = "/";
  for (const char c : name) {
    if (c == '~') out += "~0";
    if (c == '/') out += "~1";
    if (c != '~' && c != '/') out += c;
  }
  return out;
}

/// Only chains of `properties` declare headers.
void find_headers(json::Value schema, const std::string& at, std::size_t depth, std::vector<ParameterHeader>& out) {
  if (depth == kDeepest) return;
  for (const json::Member property : schema.find("properties").members()) {
    const std::string place = at + step(property.key.string());
    const std::string name = property.value.find("x-mcp-header").string();
    if (!name.empty() && out.size() < kMostHeaders) out.push_back({"mcp-param-" + lower(name), policy::rules::Pointer(place)});
    find_headers(property.value, place, depth + 1, out);
  }
}

/// Whether a header says what the argument is. Numbers are compared by value.
bool same(std::string_view said, json::Value argument) {
  const auto decoded = decode_header(trimmed(said));
  if (!decoded) return false;
  switch (argument.kind()) {
    case json::Kind::string:
      return argument.equals(*decoded);
    case json::Kind::boolean:
      return argument.raw() == *decoded;
    case json::Kind::number: {
      const auto document = json::Document::parse(*decoded);
      if (!document || !document->root().is(json::Kind::number)) return false;
      const auto a = schema::Number::read(document->root().raw());
      const auto b = schema::Number::read(argument.raw());
      return a && b && a->compare(*b) == 0;
    }
    default:
      return false;
  }
}

}  // namespace

std::size_t seal_of(json::Value tool) noexcept { return std::hash<std::string_view>{}(tool.raw()); }

std::shared_ptr<const Descriptor> read_descriptor(json::Value tool) {
  auto out = std::make_shared<Descriptor>();
  out->seal = seal_of(tool);
  if (const auto canonical = json::jcs(tool)) out->digest = "sha256:" + crypto::hex(crypto::view(crypto::sha256(*canonical)));
  const json::Value input = tool.find("inputSchema");
  if (!input) return out;
  auto compiled = schema::Schema::compile(input.raw());
  if (compiled) {
    out->schema = *std::move(compiled);
    find_headers(input, {}, 0, out->headers);
  } else {
    const auto& problems = compiled.error();
    out->fault = problems.empty() ? "its schema cannot be used" : problems.front().pointer + ": " + problems.front().text;
  }
  return out;
}

Outcome<void> check_parameters(const Descriptor& descriptor, const Head& head, json::Value arguments) {
  for (const ParameterHeader& one : descriptor.headers) {
    const json::Value argument = policy::rules::resolve(arguments, one.at);
    const bool there = argument && !argument.is(json::Kind::null);
    if (there != (head.count(one.name) != 0))
      return Violation(Reason::header_mismatch, there ? "an Mcp-Param field that the tool declares is missing"
                                                      : "an Mcp-Param field without its argument");
    if (there && !same(head.find(one.name), argument))
      return Violation(Reason::header_mismatch, "an Mcp-Param field differs from its argument");
  }
  return {};
}

}  // namespace durward::gateway
