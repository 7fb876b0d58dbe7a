#include "policy/jose/claims.hpp"

#include "policy/jose/text.hpp"

namespace durward::jose {
namespace {

constexpr std::size_t kDeepest = 8;

/// Takes the first token off a JSON Pointer that begins with "/"; absent if one of its escapes is none.
std::optional<std::string> take_token(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const std::string_view raw = pointer.substr(0, pointer.find('/'));
  pointer.remove_prefix(raw.size());
  std::string token;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '~') {
      token += raw[i];
      continue;
    }
    ++i;
    if (i == raw.size() || (raw[i] != '0' && raw[i] != '1')) return std::nullopt;
    token += raw[i] == '0' ? '~' : '/';
  }
  return token;
}

/// What a name leads to, not `find`'s absent value where an object ends early: false if the name is none.
bool lookup(json::Value root, std::string_view name, json::Value& out) {
  if (!names_claim(name)) return false;
  if (name.front() != '/') {
    out = root.find(name);
    return true;
  }
  out = root;
  while (!name.empty()) out = out.find(*take_token(name));
  return true;
}

}  // namespace

bool names_claim(std::string_view text) {
  if (text.empty()) return false;
  if (text.front() != '/') return true;
  std::size_t depth = 0;
  while (!text.empty()) {
    if (++depth > kDeepest || !take_token(text)) return false;
  }
  return true;
}

Outcome<std::optional<std::string>> Claims::text(std::string_view name) const {
  json::Value value;
  if (!lookup(document_.root(), name, value)) return Fault::claim_malformed;
  if (!value) return std::optional<std::string>();
  auto text = clean_text(value);
  if (!text) return Fault::claim_malformed;
  return text;
}

Outcome<std::vector<std::string>> Claims::list(std::string_view name) const {
  json::Value value;
  if (!lookup(document_.root(), name, value)) return Fault::claim_malformed;
  std::vector<std::string> out;
  const auto add = [&out](json::Value each) {
    auto text = clean_text(each);
    if (!text) return false;
    out.push_back(*std::move(text));
    return true;
  };
  if (!value) return out;
  if (!value.is(json::Kind::array)) {
    if (!add(value)) return Fault::claim_malformed;
    return out;
  }
  for (const json::Value each : value.elements()) {
    if (!add(each)) return Fault::claim_malformed;
  }
  return out;
}

bool Claims::is_true(std::string_view name) const {
  json::Value value;
  return lookup(document_.root(), name, value) && value.boolean();
}

}  // namespace durward::jose
