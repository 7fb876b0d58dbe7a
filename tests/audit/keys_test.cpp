#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <optional>

#include "audit/key_files.hpp"
#include "policy/digest.hpp"
#include "tests/audit/support.hpp"

namespace durward::audit {
namespace {

using namespace test;

const std::string kNow = "2026-03-01T00:00:00.000Z";

/// Sets a variable for one test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

TEST_CASE("signing keys are read from a seed and from a whole secret key, with RFC 8032's results") {
  const std::string seed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";  // RFC 8032, 7.1, test 1
  const auto key = SigningKey::parse(seed + "\n");
  REQUIRE(key);
  CHECK(crypto::hex(key->public_key()) == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  CHECK(crypto::hex(key->sign("")).substr(0, 32) == "e5564300c360ac729086e2cc806e828a");
  CHECK(key->seed_base64() == seed);
  CHECK(key->kid() == crypto::hex(crypto::view(crypto::sha256(key->public_key()))).substr(0, 16));
  const std::string raw = crypto::from_base64(seed).value() + key->public_key();
  const auto whole = SigningKey::parse(crypto::base64(raw));
  REQUIRE(whole);
  CHECK(whole->public_key() == key->public_key());
  CHECK(verify(key->public_key(), "message", key->sign("message")));
  CHECK_FALSE(verify(key->public_key(), "massage", key->sign("message")));
  CHECK_FALSE(verify(key->public_key(), "message", "short"));
  CHECK_FALSE(verify("short", "message", key->sign("message")));
}

TEST_CASE("texts that are no signing key are refused") {
  const std::string seed(32, 'a');
  for (const std::string& wrong :
       {std::string(), std::string("nonsense"), crypto::base64(std::string(31, 'a')), crypto::base64(std::string(33, 'a')),
        crypto::base64(seed + std::string(32, 'b')), crypto::base64(seed).substr(0, 43)})
    CHECK_FALSE(SigningKey::parse(wrong));
}

TEST_CASE("keys init makes a key, a keyring and an origin that load, and replaces nothing") {
  const Folder folder;
  const std::string path = folder.path("new/keys/ed25519.key");
  const auto made = init_keys(path, "", {"acme"}, kNow);
  REQUIRE(made);
  CHECK(made->origin.size() == std::string("durward.invalid/").size() + 32);
  CHECK(valid_origin(made->origin));
  for (const char* name : {"ed25519.key", "keyring.json", "origin"}) {
    struct stat info {};
    REQUIRE(::stat(folder.path("new/keys/" + std::string(name)).c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0600);
  }
  struct stat info {};
  REQUIRE(::stat(folder.path("new").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0700);
  const auto key = load_signing_key("file://" + path);
  REQUIRE(key);
  CHECK(key->public_key() == made->public_key);
  const auto ring = load_keyring("", "file://" + path);
  REQUIRE(ring);
  CHECK(ring->commit.count("acme") == 1);
  CHECK(ring->commit.count("") == 1);

  const std::string before = slurp(path);
  CHECK_FALSE(init_keys(path, "", {}, kNow));
  CHECK(slurp(path) == before);
  REQUIRE(fs::remove(path));
  CHECK_FALSE(init_keys(path, "example.test/other", {}, kNow));
  const std::string ring_before = slurp(folder.path("new/keys/keyring.json"));
  REQUIRE(init_keys(path, "", {}, kNow));
  CHECK(slurp(folder.path("new/keys/keyring.json")) == ring_before);
}

TEST_CASE("every key of a new keyring is another one, and the keyring survives its JSON") {
  Keyring ring = Keyring::generate(kNow);
  ring.add_tenant("acme", kNow);
  const auto again = Keyring::parse(ring.to_json());
  REQUIRE(again);
  CHECK(again->to_json() == ring.to_json());
  std::vector<std::string> keys;
  for (const auto* list :
       {&ring.session, &ring.idem, &ring.reply, &ring.apikey, &ring.vault, &ring.commit[""], &ring.commit["acme"]}) {
    REQUIRE(list->size() == 1);
    keys.emplace_back(list->front().key.reveal());
    CHECK(keys.back().size() == 32);
  }
  std::sort(keys.begin(), keys.end());
  CHECK(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
  CHECK(ring.session.front().id.size() == 8);
}

TEST_CASE("keyrings that lack something are refused") {
  const std::string good = ring().to_json();
  REQUIRE(Keyring::parse(good));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  CHECK_FALSE(Keyring::parse("[]"));
  CHECK_FALSE(Keyring::parse(good.substr(0, good.size() - 3)));
  CHECK_FALSE(Keyring::parse(with("\"v\":1", "\"v\":2")));
  CHECK_FALSE(Keyring::parse(with("\"idem\"", "\"idom\"")));
  CHECK_FALSE(Keyring::parse(with("\"id\":\"", "\"id\":\"x:")));
  CHECK_FALSE(Keyring::parse(with("\"id\":\"", "\"id\":\"0")));  // a session id is eight digits
  CHECK_FALSE(Keyring::parse(with("\"key\":\"", "\"key\":\"A")));
}

TEST_CASE("a secret that others can read is refused, and one that only the owner can read is not") {
  const Folder folder;
  const std::string path = folder.path("key");
  spill(path, key().seed_base64());
  for (const mode_t mode : {0604U, 0602U, 0601U, 0644U, 0666U}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    const auto loaded = load_signing_key("file://" + path);
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().find("others can access") != std::string::npos);
  }
  for (const mode_t mode : {0600U, 0400U}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    CHECK(load_signing_key("file://" + path));
  }
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  // The group may read only what root owns, in a group of the process's own: so it is when the tests run as root.
  CHECK(bool(load_signing_key("file://" + path)) == (::geteuid() == 0));
}

TEST_CASE("a secret in a folder where others can write is refused, unless the folder is sticky") {
  const Folder folder;
  const std::string path = folder.path("open/key");
  REQUIRE(fs::create_directory(folder.path("open")));
  spill(path, key().seed_base64());
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  REQUIRE(::chmod(folder.path("open").c_str(), 0777) == 0);
  CHECK_FALSE(load_signing_key("file://" + path));
  REQUIRE(::chmod(folder.path("open").c_str(), 01777) == 0);
  CHECK(load_signing_key("file://" + path));
}

TEST_CASE("key files are confined to DURWARD_KEY_DIRS, symlinks resolved first") {
  const Folder folder;
  fs::create_directory(folder.path("in"));
  fs::create_directory(folder.path("inside-not"));
  for (const char* name : {"in/key", "inside-not/key"}) {
    spill(folder.path(name), key().seed_base64());
    REQUIRE(::chmod(folder.path(name).c_str(), 0600) == 0);
  }
  fs::create_symlink(folder.path("inside-not/key"), folder.path("in/link"));
  for (const char* variable : {"DURWARD_KEY_DIRS", "SEC0_SIGNER_KEY_DIRS"}) {
    const Variable dirs(variable, "/nonexistent:" + folder.path("in"));
    CHECK(load_signing_key("file://" + folder.path("in/key")));
    CHECK_FALSE(load_signing_key("file://" + folder.path("inside-not/key")));
    CHECK_FALSE(load_signing_key("file://" + folder.path("in/link")));
    CHECK_FALSE(load_signing_key("file://" + folder.path("in/../inside-not/key")));
  }
  const Variable none("DURWARD_KEY_DIRS", "");
  CHECK_FALSE(load_signing_key("file://" + folder.path("in/key")));
}

TEST_CASE("a key reference is a file, a credential or the environment") {
  const Folder folder;
  spill(folder.path("key"), key().seed_base64());
  REQUIRE(::chmod(folder.path("key").c_str(), 0600) == 0);
  CHECK_FALSE(load_signing_key("file://${CREDENTIALS_DIRECTORY}/key"));
  {
    const Variable credentials("CREDENTIALS_DIRECTORY", folder.path());
    CHECK(load_signing_key("file://${CREDENTIALS_DIRECTORY}/key"));
  }
  CHECK_FALSE(load_signing_key("env://DURWARD_TEST_KEY"));
  {
    const Variable variable("DURWARD_TEST_KEY", key().seed_base64());
    CHECK(load_signing_key("env://DURWARD_TEST_KEY"));
  }
  const Variable wrong("DURWARD_TEST_KEY", "c2VjcmV0LXRleHQ=");
  const auto refused = load_signing_key("env://DURWARD_TEST_KEY");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().find("c2Vj") == std::string::npos);
  CHECK(load_signing_key("file://./key", folder.path()));
  CHECK_FALSE(load_signing_key("file://./key"));
  CHECK_FALSE(load_signing_key(folder.path("key")));
  CHECK_FALSE(load_signing_key(""));
  CHECK_FALSE(load_signing_key("file://" + folder.path()));
  CHECK_FALSE(load_signing_key("file://" + folder.path("missing")));
  CHECK_FALSE(load_keyring("", "env://DURWARD_TEST_KEY"));
}

TEST_CASE("public keys are written as PEM and as C2SP verifier keys, and read back") {
  const std::string raw = crypto::from_base64("PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=").value();  // RFC 8032, test 2
  CHECK(public_pem(raw) ==
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n-----END PUBLIC KEY-----\n");
  CHECK(parse_public_key(public_pem(raw))->value == raw);
  CHECK(parse_public_key(verifier_key("example.test/x", raw) + "\n")->value == raw);
  CHECK(parse_public_key(crypto::base64(raw))->value == raw);
  CHECK(parse_public_key(key_id(raw) + "\n" + public_pem(raw) + verifier_key("example.test/x", raw) + "\n")->value == raw);
  // The signed-note package's own example of a verifier key.
  const std::string known = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  REQUIRE(parse_public_key(known));
  CHECK(verifier_key("PeterNeumann", parse_public_key(known)->value) == known);
  CHECK_FALSE(parse_public_key("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"));
  CHECK_FALSE(parse_public_key(""));
  CHECK_FALSE(parse_public_key("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
}

TEST_CASE("origins have one spelling") {
  for (const char* good : {"abc", "durward.invalid/0123", "example.test/a-b/c", "0ab"}) CHECK(valid_origin(good));
  CHECK(valid_origin(std::string(127, 'a')));
  CHECK_FALSE(valid_origin(std::string(128, 'a')));
  for (const char* wrong : {"", "ab", "Abc", "a c", "-abc", "durward-x/y", "cosignature/v1", "a_b", "a+b"})
    CHECK_FALSE(valid_origin(wrong));
}

}  // namespace
}  // namespace durward::audit
