#include <algorithm>
#include <set>

#include "policy/authn/api_keys.hpp"
#include "policy/canonical.hpp"
#include "policy/json.hpp"

namespace durward::authn {
namespace {

using Problem = policy::Outcome<void, std::string>;

constexpr std::size_t kText = 256, kTexts = 64;

Problem read_text(json::Value value, std::string_view member, bool required, std::string& out) {
  if (!value && !required) return {};
  out = value.string();
  const bool clean = std::none_of(out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (!value.is(json::Kind::string) || out.empty() || out.size() > kText || !clean)
    return "`" + std::string(member) + "` is not a text of 1 to 256 bytes";
  return {};
}

Problem read_texts(json::Value value, std::string_view member, std::vector<std::string>& out) {
  if (!value) return {};
  if (!value.is(json::Kind::array) || value.size() > kTexts) return "`" + std::string(member) + "` is not a list of at most 64";
  for (const json::Value item : value.elements()) {
    if (auto good = read_text(item, member, true, out.emplace_back()); !good) return good;
  }
  return {};
}

Problem read_time(json::Value value, std::string_view member, std::int64_t& out) {
  const auto seconds = value.integer();
  if (!seconds || *seconds < 0) return "`" + std::string(member) + "` is not a Unix time in seconds";
  out = *seconds;
  return {};
}

Problem read_names(json::Value item) {
  static const std::set<std::string_view> kKnown{"id",     "hash",  "hash_key", "subject", "tenant",
                                                 "groups", "roles", "scopes",   "created", "expires"};
  for (const json::Member& member : item.members()) {
    const auto name = member.key.plain();
    if (!name || !kKnown.contains(*name)) return std::string("it has a member that is not known");
  }
  return {};
}

policy::Outcome<ApiKeyEntry, std::string> read_entry(json::Value item) {
  if (!item.is(json::Kind::object)) return std::string("is not an object");
  ApiKeyEntry entry;
  if (auto good = read_names(item); !good) return std::move(good).error();
  entry.id = item.find("id").string();
  const bool formed =
      entry.id.size() == 12 && entry.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos;
  if (!formed) return std::string("`id` is not 12 of a to z and 0 to 9");
  const auto hash = crypto::from_base64(item.find("hash").string());
  if (!hash || hash->size() != 32) return std::string("`hash` is not the base64 of 32 bytes");
  entry.hash = *hash;
  const std::pair<const char*, std::string*> texts[] = {{"hash_key", &entry.hash_key}, {"subject", &entry.subject}};
  for (const auto& [name, out] : texts)
    if (auto good = read_text(item.find(name), name, true, *out); !good) return std::move(good).error();
  if (auto good = read_text(item.find("tenant"), "tenant", false, entry.tenant); !good) return std::move(good).error();
  const std::pair<const char*, std::vector<std::string>*> lists[] = {
      {"groups", &entry.groups}, {"roles", &entry.roles}, {"scopes", &entry.scopes}};
  for (const auto& [name, out] : lists)
    if (auto good = read_texts(item.find(name), name, *out); !good) return std::move(good).error();
  if (auto good = read_time(item.find("created"), "created", entry.created); !good) return std::move(good).error();
  if (const json::Value expires = item.find("expires")) {
    entry.expires.emplace();
    if (auto good = read_time(expires, "expires", *entry.expires); !good) return std::move(good).error();
  }
  return entry;
}

void write_text(std::string& out, std::string_view member, std::string_view text) {
  if (text.empty()) return;
  out.append(",\"").append(member).append("\":");
  json::append_string(out, text);
}

void write_texts(std::string& out, std::string_view member, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  out.append(",\"").append(member).append("\":[");
  for (const std::string& text : texts) {
    if (&text != &texts.front()) out += ',';
    json::append_string(out, text);
  }
  out += ']';
}

}  // namespace

policy::Outcome<ApiKeyFile, std::string> ApiKeyFile::parse(std::string_view text) {
  if (text.size() > kApiKeyFileBytes) return std::string("is larger than 4 MiB");
  auto document = json::Document::parse(std::string(text));
  if (!document) return std::string("is not strict JSON");
  const json::Value root = document->root();
  const json::Value keys = root.find("keys");
  if (root.find("v").integer() != 1 || !keys.is(json::Kind::array) || root.size() != 2)
    return std::string(R"(is not {"v": 1, "keys": […]})");
  if (keys.size() > kApiKeys) return std::string("holds more than 10000 keys");
  ApiKeyFile file;
  std::set<std::string> seen;
  for (const json::Value item : keys.elements()) {
    const std::string place = "its key number " + std::to_string(file.keys.size() + 1) + ": ";
    auto entry = read_entry(item);
    if (!entry) return place + entry.error();
    if (!seen.insert(entry->id).second) return place + "an earlier one has its `id`";
    file.keys.push_back(*std::move(entry));
  }
  return file;
}

std::string ApiKeyFile::to_json() const {
  std::string out = "{\"v\":1,\n \"keys\":[";
  for (const ApiKeyEntry& entry : keys) {
    out += &entry == &keys.front() ? "\n" : ",\n";
    out += "  {\"id\":\"" + entry.id + "\",\"hash\":\"" + crypto::base64(entry.hash) + "\"";
    write_text(out, "hash_key", entry.hash_key);
    write_text(out, "subject", entry.subject);
    write_text(out, "tenant", entry.tenant);
    write_texts(out, "groups", entry.groups);
    write_texts(out, "roles", entry.roles);
    write_texts(out, "scopes", entry.scopes);
    out += ",\"created\":" + std::to_string(entry.created);
    if (entry.expires) out += ",\"expires\":" + std::to_string(*entry.expires);
    out += '}';
  }
  return out + "]}\n";
}

}  // namespace durward::authn
