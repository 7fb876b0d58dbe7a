#include <sodium.h>

#include <stdexcept>

#include "audit/compose.hpp"
#include "audit/keys.hpp"
#include "policy/digest.hpp"
#include "policy/json.hpp"

namespace durward::audit {
namespace {

constexpr std::size_t kKeyBytes = 32;

using Entries = std::vector<KeyringEntry>;
using Problem = policy::Outcome<void, std::string>;

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// An id stands between colons in a commitment, so its characters are limited.
bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == std::string_view::npos;
}

Problem read_entries(json::Value list, std::string_view name, Entries& out) {
  const std::string where = "keyring: `" + std::string(name) + "` ";
  if (!list.is(json::Kind::array)) return where + "is not a list";
  for (json::Value item : list.elements()) {
    KeyringEntry entry;
    entry.id = item.find("id").string();
    entry.from = item.find("from").string();
    if (!is_id(entry.id) || (name == "session" && !is_hex(entry.id, 8))) return where + "holds an entry whose id is not valid";
    for (const KeyringEntry& other : out)
      if (other.id == entry.id) return where + "holds the id " + entry.id + " twice";
    auto key = crypto::from_base64(item.find("key").string());
    if (!key || key->size() != kKeyBytes) return where + "holds an entry whose key is not the base64 of 32 bytes";
    entry.key = config::Secret(*key);
    sodium_memzero(key->data(), key->size());
    out.push_back(std::move(entry));
  }
  return {};
}

KeyringEntry make_entry(std::string_view from) {
  std::string id(4, '\0');
  std::string key(kKeyBytes, '\0');
  randombytes_buf(id.data(), id.size());
  randombytes_buf(key.data(), key.size());
  KeyringEntry entry{crypto::hex(id), config::Secret(key), std::string(from)};
  sodium_memzero(key.data(), key.size());
  return entry;
}

void write_entries(std::string& out, const Entries& entries) {
  out += '[';
  for (const KeyringEntry& entry : entries) {
    if (&entry != &entries.front()) out += ',';
    out +=
        "{\"id\":\"" + entry.id + "\",\"key\":\"" + crypto::base64(entry.key.reveal()) + "\",\"from\":\"" + entry.from + "\"}";
  }
  out += ']';
}

}  // namespace

policy::Outcome<Keyring, std::string> Keyring::parse(std::string_view text) {
  auto document = json::Document::parse(std::string(text));
  if (!document) return std::string("keyring: is not valid JSON");
  const json::Value root = document->root();
  if (root.find("v").integer() != 1) return std::string("keyring: `v` is not 1");
  Keyring ring;
  const std::pair<std::string_view, Entries*> lists[] = {{"session", &ring.session},
                                                         {"idem", &ring.idem},
                                                         {"reply", &ring.reply},
                                                         {"apikey", &ring.apikey},
                                                         {"vault", &ring.vault}};
  for (const auto& [name, list] : lists) {
    if (auto read = read_entries(root.find(name), name, *list); !read) return std::move(read).error();
  }
  const json::Value commit = root.find("commit");
  if (!commit.is(json::Kind::object)) return std::string("keyring: `commit` is not an object of lists by tenant");
  for (const json::Member& tenant : commit.members()) {
    if (auto read = read_entries(tenant.value, "commit", ring.commit[tenant.key.string()]); !read)
      return std::move(read).error();
  }
  return ring;
}

Keyring Keyring::generate(std::string_view now_rfc3339) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium did not start");
  Keyring ring;
  for (Entries* list : {&ring.session, &ring.idem, &ring.reply, &ring.apikey, &ring.vault, &ring.commit[""]})
    list->push_back(make_entry(now_rfc3339));
  return ring;
}

void Keyring::add_tenant(const std::string& tenant, std::string_view now_rfc3339) {
  commit[tenant].push_back(make_entry(now_rfc3339));
}

std::string Keyring::to_json() const {
  std::string out = "{\"v\":1,\n \"session\":";
  write_entries(out, session);
  const std::pair<const char*, const Entries*> lists[] = {
      {"idem", &idem}, {"reply", &reply}, {"apikey", &apikey}, {"vault", &vault}};
  for (const auto& [name, list] : lists) {
    out += std::string(",\n \"") + name + "\":";
    write_entries(out, *list);
  }
  out += ",\n \"commit\":{";
  for (const auto& [tenant, list] : commit) {
    if (out.back() != '{') out += ',';
    append_json_string(out, tenant);
    out += ':';
    write_entries(out, list);
  }
  return out + "}}\n";
}

std::string Committer::commit(std::string_view label, std::string_view bytes, bool raw) const {
  std::string out;
  out.reserve(128);
  out += raw ? "hmac-raw:" : "hmac:";
  out += id_;
  out += ':';
  crypto::append_base64(out, mac_.of(label, bytes));
  return out;
}

}  // namespace durward::audit
