#include "policy/jose/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "policy/json_text.hpp"

namespace durward::jose {
namespace {

constexpr double kLatest = 253'402'300'799;  // the last second of the year 9999

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::optional<std::string> clean_text(json::Value value) {
  if (!value.is(json::Kind::string)) return std::nullopt;
  std::string text;
  if (const auto plain = value.plain()) {
    text = *plain;
  } else {
    const std::string_view token = value.raw();
    // What stands for half of a surrogate pair must not become U+FFFD: two names would be one.
    text = json::unescape(token.substr(1, token.size() - 2), json::Lone::keep);
    if (!json::valid_utf8(text)) return std::nullopt;
  }
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (text.empty() || std::any_of(text.begin(), text.end(), control)) return std::nullopt;
  return text;
}

std::optional<std::string> clean_text(json::Value value, std::size_t most) {
  auto text = clean_text(value);
  if (text && text->size() > most) return std::nullopt;
  return text;
}

std::optional<crypto::Hash> hash_text(json::Value value) {
  const auto text = value.plain();
  const auto bytes = text ? crypto::from_base64url(*text) : std::nullopt;
  crypto::Hash hash{};
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

std::optional<std::int64_t> date(json::Value value, Round round) {
  if (!value.is(json::Kind::number)) return std::nullopt;
  const std::string_view token = value.raw();
  double seconds = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), seconds);
  const bool read = error == std::errc() && end == token.data() + token.size();
  if (!read || token.front() == '-' || !(seconds <= kLatest)) return std::nullopt;
  return static_cast<std::int64_t>(round == Round::up ? std::ceil(seconds) : std::floor(seconds));
}

std::string media_type(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  constexpr std::string_view kPrefix = "application/";
  const bool short_form = out.compare(0, kPrefix.size(), kPrefix) == 0 && out.find('/', kPrefix.size()) == std::string::npos;
  return short_form ? out.substr(kPrefix.size()) : out;
}

Outcome<json::Document> object(std::string text, const json::Limits& limits, Fault not_json, Fault repeats, Fault not_object) {
  auto document = json::Document::parse(std::move(text), limits);
  if (!document) return document.error().fault == json::Fault::duplicate_member ? repeats : not_json;
  if (!document->root().is(json::Kind::object)) return not_object;
  return *std::move(document);
}

Outcome<json::Document> claims_object(std::string payload) {
  constexpr json::Limits kLimits{32, 8192};
  return object(std::move(payload), kLimits, Fault::claims_not_json, Fault::claims_repeat_member, Fault::claims_not_object);
}

}  // namespace durward::jose
