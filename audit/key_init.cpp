#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "audit/descriptor.hpp"
#include "audit/key_files.hpp"
#include "policy/digest.hpp"

namespace durward::audit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPemBegin = "-----BEGIN PUBLIC KEY-----";
constexpr std::string_view kPemEnd = "-----END PUBLIC KEY-----";
// SubjectPublicKeyInfo of an Ed25519 key is this prefix (RFC 8410) and the 32 bytes.
constexpr std::string_view kSpki("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);

std::string key_hash(std::string_view origin, std::string_view typed_key) {
  const std::string signed_part = std::string(origin) + "\n" + std::string(typed_key);
  return crypto::hex(crypto::view(crypto::sha256(signed_part))).substr(0, 8);
}

policy::Outcome<void, std::string> not_created(const fs::path& folder) {
  return folder.string() + ": cannot be created: " + std::strerror(errno);
}

}  // namespace

policy::Outcome<void, std::string> make_folders(const fs::path& folder) {
  std::error_code ignored;
  if (folder.empty() || fs::is_directory(folder, ignored)) return {};
  if (auto above = make_folders(folder.parent_path()); !above) return above;
  if (::mkdir(folder.c_str(), 0700) != 0) {
    if (errno != EEXIST) return not_created(folder);
    return {};
  }
  // What is made durable within it is worth nothing while its own name is not.
  const fs::path parent = folder.has_parent_path() ? folder.parent_path() : fs::path(".");
  const Descriptor above(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!above || ::fsync(above.get()) != 0) return parent.string() + ": cannot be made durable: " + std::strerror(errno);
  return {};
}

policy::Outcome<void, std::string> could_make_folders(const fs::path& folder) {
  std::error_code ignored;
  if (folder.empty() || fs::is_directory(folder, ignored)) return {};
  if (auto above = could_make_folders(folder.parent_path()); !above) return above;
  struct stat info {};
  if (::lstat(folder.c_str(), &info) == 0) return {};  // whoever opens it will see what it is
  if (errno != ENOENT) return not_created(folder);
  const fs::path parent = folder.has_parent_path() ? folder.parent_path() : fs::path(".");
  if (::lstat(parent.c_str(), &info) != 0) return {};  // it would have been made just before
  if (::faccessat(AT_FDCWD, parent.c_str(), W_OK | X_OK, AT_EACCESS) != 0) return not_created(folder);
  return {};
}

policy::Outcome<std::optional<Text>, std::string> kept_origin(const std::string& file, const std::string& wanted) {
  struct stat info {};
  if (::lstat(file.c_str(), &info) != 0 && errno == ENOENT) return std::optional<Text>();
  TRY(Text kept, read_text_file(file, 256));
  while (!kept.value.empty() && kept.value.back() == '\n') kept.value.pop_back();
  if (!valid_origin(kept.value)) return file + ": does not hold a valid origin";
  if (!wanted.empty() && wanted != kept.value) return file + ": holds another origin, which never changes";
  return std::optional<Text>(std::move(kept));
}

policy::Outcome<Text, std::string> settle_origin(const std::string& file, const std::string& wanted) {
  TRY(std::optional<Text> kept, kept_origin(file, wanted));
  if (kept) return *std::move(kept);
  const std::string origin = wanted.empty() ? random_origin() : wanted;
  if (auto created = create_file(file, origin + "\n", 0600); !created) return std::move(created).error();
  return Text{origin};
}

bool valid_origin(std::string_view origin) {
  constexpr std::string_view kFirst = "abcdefghijklmnopqrstuvwxyz0123456789", kRest = "abcdefghijklmnopqrstuvwxyz0123456789./-";
  return origin.size() >= 3 && origin.size() <= 127 && kFirst.find(origin[0]) != std::string_view::npos &&
         origin.find_first_not_of(kRest) == std::string_view::npos && origin.substr(0, 8) != "durward-" &&
         origin.substr(0, 11) != "cosignature";
}

std::string random_origin() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium did not start");
  std::string random(16, '\0');
  randombytes_buf(random.data(), random.size());
  return "durward.invalid/" + crypto::hex(random);
}

policy::Outcome<NewKeys, std::string> init_keys(const std::string& path, const std::string& origin,
                                                const std::vector<std::string>& tenants, std::string_view now_rfc3339) {
  if (!origin.empty() && !valid_origin(origin))
    return origin + ": is not a valid origin; use for example gateway.example.com/ledger";
  const fs::path folder = fs::absolute(path).parent_path();
  if (fs::exists(path)) return path + ": exists already, and a signing key is never replaced";
  if (auto made = make_folders(folder); !made) return std::move(made).error();
  NewKeys keys;
  keys.path = path;
  TRY(const Text settled, settle_origin((folder / "origin").string(), origin));
  keys.origin = settled.value;
  const fs::path ring_file = folder / "keyring.json";
  if (!fs::exists(ring_file)) {
    Keyring ring = Keyring::generate(now_rfc3339);
    for (const std::string& tenant : tenants) ring.add_tenant(tenant, now_rfc3339);
    if (auto made = create_file(ring_file.string(), ring.to_json(), 0600); !made) return std::move(made).error();
  }
  const SigningKey key = SigningKey::generate();
  if (auto made = create_file(path, key.seed_base64() + "\n", 0600); !made) return std::move(made).error();
  keys.public_key = key.public_key();
  return keys;
}

std::string public_pem(std::string_view public_key) {
  return std::string(kPemBegin) + "\n" + crypto::base64(std::string(kSpki) + std::string(public_key)) + "\n" +
         std::string(kPemEnd) + "\n";
}

std::string verifier_key(std::string_view origin, std::string_view public_key) {
  const std::string typed = "\x01" + std::string(public_key);
  return std::string(origin) + "+" + key_hash(origin, typed) + "+" + crypto::base64(typed);
}

namespace {

std::optional<std::string> from_pem(std::string_view text) {
  const std::size_t begin = text.find(kPemBegin), end = text.find(kPemEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return std::nullopt;
  std::string body;
  for (char c : text.substr(begin + kPemBegin.size(), end - begin - kPemBegin.size()))
    if (c != '\n' && c != '\r') body += c;
  const auto der = crypto::from_base64(body);
  if (!der || der->size() != kSpki.size() + 32 || der->substr(0, kSpki.size()) != kSpki) return std::nullopt;
  return der->substr(kSpki.size());
}

std::optional<std::string> from_verifier_key(std::string_view line) {
  const std::size_t first = line.find('+');
  const std::size_t second = first == std::string_view::npos ? first : line.find('+', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto typed = crypto::from_base64(line.substr(second + 1));
  if (!typed || typed->size() != 33 || typed->front() != '\x01') return std::nullopt;
  if (line.substr(first + 1, second - first - 1) != key_hash(line.substr(0, first), *typed)) return std::nullopt;
  return typed->substr(1);
}

}  // namespace

policy::Outcome<Text, std::string> parse_public_key(std::string_view text) {
  if (auto key = from_pem(text)) return Text{*key};
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (auto key = from_verifier_key(line)) return Text{*key};
    if (auto raw = crypto::from_base64(line); raw && raw->size() == 32) return Text{*raw};
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::string("holds no Ed25519 public key (PEM, C2SP verifier key, or base64 of 32 bytes)");
}

}  // namespace durward::audit
