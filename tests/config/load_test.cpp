#include "config/load.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace durward::config;
namespace fs = std::filesystem;

namespace {

// A directory of its own, gone at the end.
struct Scratch {
  fs::path dir;
  Scratch() {
    std::string name = (fs::temp_directory_path() / "durward-config-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    dir = fs::canonical(name);
  }
  ~Scratch() { fs::remove_all(dir); }
  std::string file(const std::string& name, const std::string& text) const {
    const fs::path path = dir / name;
    std::ofstream(path) << text;
    fs::permissions(path, fs::perms(0600));
    return path.string();
  }
};

// CREDENTIALS_DIRECTORY for one scope.
struct Credentials {
  explicit Credentials(const char* value) {
    if (value == nullptr) ::unsetenv("CREDENTIALS_DIRECTORY");
    if (value != nullptr) ::setenv("CREDENTIALS_DIRECTORY", value, 1);
  }
  ~Credentials() { ::unsetenv("CREDENTIALS_DIRECTORY"); }
};

std::string settings(const std::string& key_ref) {
  return "authn: anonymous\nservers: {s: {url: \"http://h/\"}}\npolicy: p.yaml\nledger: {dir: l, key_ref: \"" + key_ref +
         "\"}\n";
}

}  // namespace

TEST_CASE("files are read from disk, and paths in them start at their directory") {
  const Scratch scratch;
  const auto loaded = load_settings(scratch.file("durward.yaml", settings("file://./k/key")));
  INFO(render(loaded));
  REQUIRE(loaded.value);
  CHECK(loaded.value->policy.value == (scratch.dir / "p.yaml").string());
  CHECK(loaded.value->ledger.key_ref.value == "file://" + (scratch.dir / "k/key").string());
  const auto policy = load_policy(scratch.file("p.yaml", "tools: {allowlist: []}\n"));
  CHECK(policy.value);
  CHECK(policy.source == "tools: {allowlist: []}\n");
}

TEST_CASE("a path relative to the working directory gives absolute paths too") {
  const Scratch scratch;
  scratch.file("durward.yaml", settings("file://./key"));
  const fs::path before = fs::current_path();
  fs::current_path(scratch.dir);
  const auto loaded = load_settings("durward.yaml");
  fs::current_path(before);
  REQUIRE(loaded.value);
  CHECK(loaded.value->file == "durward.yaml");
  CHECK(loaded.value->ledger.dir.value == (scratch.dir / "l").string());
}

TEST_CASE("a file that is absent, no regular file or too large is an error that says so") {
  const Scratch scratch;
  const auto first = [](const auto& loaded) {
    CHECK_FALSE(loaded.value);
    REQUIRE_FALSE(loaded.diagnostics.empty());
    return loaded.diagnostics.front().message;
  };
  CHECK(first(load_settings((scratch.dir / "none").string())) == "cannot read the file: No such file or directory");
  CHECK(first(load_policy(scratch.dir.string())) == "cannot read the file: it is not a regular file");
  const std::string fifo = (scratch.dir / "fifo").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(first(load_policy(fifo)) == "cannot read the file: it is not a regular file");
  CHECK(first(load_policy(scratch.file("big", std::string(2 << 20, '#')))) == "the file is larger than 1048576 bytes");
}

TEST_CASE("a systemd credential is found by its environment, and its absence is a warning") {
  const Scratch scratch;
  const std::string path = scratch.file("durward.yaml", settings("file://${CREDENTIALS_DIRECTORY}/key"));
  {
    const Credentials set("/run/credentials/durward.service");
    const auto loaded = load_settings(path);
    REQUIRE(loaded.value);
    CHECK(loaded.value->ledger.key_ref.value == "file:///run/credentials/durward.service/key");
    CHECK(loaded.value->ledger.keyring.value == "file:///run/credentials/durward.service/keyring.json");
    CHECK(loaded.diagnostics.empty());
  }
  for (const char* value : {static_cast<const char*>(nullptr), "", "relative"}) {
    const Credentials unset(value);
    const auto loaded = load_settings(path);
    REQUIRE(loaded.value);
    CHECK(loaded.value->ledger.key_ref.value == "file://${CREDENTIALS_DIRECTORY}/key");
    REQUIRE(loaded.diagnostics.size() == 2);
    CHECK(loaded.diagnostics[0].severity == Severity::warning);
  }
}

TEST_CASE("a file that only its owner can change is accepted, through a symlink too") {
  const Scratch scratch;
  const std::string path = scratch.file("p.yaml", "");
  CHECK_FALSE(check_ownership(path));
  fs::permissions(path, fs::perms(0644));
  CHECK_FALSE(check_ownership(path));
  fs::create_symlink(path, scratch.dir / "link");
  CHECK_FALSE(check_ownership((scratch.dir / "link").string()));
}

TEST_CASE("a file that its group or others can write is refused, through a symlink too") {
  const Scratch scratch;
  const std::string path = scratch.file("p.yaml", "");
  fs::create_directory(scratch.dir / "links");
  const fs::path link = scratch.dir / "links" / "p.yaml";
  fs::create_symlink(path, link);
  for (const unsigned mode : {0620U, 0602U, 0666U}) {
    fs::permissions(path, fs::perms(mode));
    const auto refused = check_ownership(link.string());
    REQUIRE(refused);
    CHECK(refused->severity == Severity::error);
    CHECK(refused->where.file == link.string());
    CHECK(refused->message.find("must not be writable") != std::string::npos);
  }
}

TEST_CASE("a directory that its group or others can write is refused, sticky or not") {
  const Scratch scratch;
  const std::string path = scratch.file("p.yaml", "");
  for (const unsigned mode : {0720U, 0702U, 0777U, 01777U}) {
    fs::permissions(scratch.dir, fs::perms(mode));
    const auto refused = check_ownership(path);
    REQUIRE(refused);
    CHECK(refused->message.find("the directory") != std::string::npos);
  }
  fs::permissions(scratch.dir, fs::perms(0700));
  CHECK_FALSE(check_ownership(path));
}

TEST_CASE("that a file is absent is said once, by its reader, and its directory is judged all the same") {
  const Scratch scratch;
  const std::string none = (scratch.dir / "none").string();
  CHECK_FALSE(check_ownership(none));
  CHECK_FALSE(check_ownership((scratch.dir / "no" / "folder" / "none").string()));
  CHECK(load_settings(none).diagnostics.size() == 1);
  CHECK(load_policy(none).diagnostics.size() == 1);
  fs::permissions(scratch.dir, fs::perms(0777));
  REQUIRE(check_ownership(none));
  CHECK(check_ownership(none)->message.find("the directory") != std::string::npos);
  fs::permissions(scratch.dir, fs::perms(0700));
}

TEST_CASE("a symlink that leads nowhere has no owner to trust") {
  const Scratch scratch;
  fs::create_symlink(scratch.dir / "none", scratch.dir / "dangling");
  CHECK(check_ownership((scratch.dir / "dangling").string()));
}

TEST_CASE("a file or directory of another user is refused") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can give a file away");
    return;
  }
  const Scratch scratch;
  const std::string path = scratch.file("p.yaml", "");
  REQUIRE(::chown(path.c_str(), 12345, 0) == 0);
  REQUIRE(check_ownership(path));
  CHECK(check_ownership(path)->message.find("not to user 12345") != std::string::npos);
  REQUIRE(::chown(path.c_str(), 0, 0) == 0);
  REQUIRE(::chown(scratch.dir.c_str(), 12345, 0) == 0);
  REQUIRE(check_ownership(path));
  CHECK(check_ownership(path)->message.find("the directory") != std::string::npos);
}
